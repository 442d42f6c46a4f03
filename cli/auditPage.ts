/** The report of an audit as a page: no script, nothing fetched from anywhere. */
import type { AuditReport } from '../client/audit/audit.ts'

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884;overflow-wrap:anywhere}
td.n{text-align:right;font-variant-numeric:tabular-nums}.holds{color:#187a3c}.fault{color:#c0242f}.unknown{color:#946200}`

const verdicts = {
  holds: 'Everything agrees.',
  fault: 'Something is wrong.',
  unknown: 'Nothing wrong was found, but not everything could be checked.',
} as const

/** The page, ready to be written. */
export function auditPage(report: AuditReport, madeAt: Date): string {
  const { verdict, totals, findings, payees } = report
  const facts: [string, unknown][] = [
    ['Contract', `${report.contract} on chain ${report.chainId}`],
    ['Up to block', report.block],
    ['Head', `commit ${report.counter}, root ${report.root}`],
    ['Log', `${totals.entries} entries, ${totals.batches} batches, ${totals.events} events: every signature checked`],
    ['Anchored roots', `${totals.anchors} computed again from the log, ${totals.struck} struck out`],
    ['Boots', report.boots],
    ['Payments', `${totals.payments} and ${totals.claims} claims`],
    ['Earned', `${ether(report.earnedWei)} ETH`],
    ['Paid', `${ether(report.paidWei)} ETH`],
    ['Owed', `${ether(report.owedWei)} ETH`],
    ['In the treasury', `${ether(report.balanceWei)} ETH`],
  ]
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Bursar audit</title><style>${style}</style>
<h1>Audit of a ledger</h1><p class="${verdict}"><strong>${verdicts[verdict]}</strong></p><p>Made at ${madeAt.toISOString()}</p>
<table>${facts.map(([name, value]) => `<tr><th scope="row">${name}<td>${escaped(value)}`).join('')}</table>
<h2>Findings</h2>${findings.length === 0 ? '<p>None.</p>' : `<table><tr><th>Code<th>What<th>Facts${findings.map(rowOfFinding).join('')}</table>`}
<h2>Payees</h2><table><tr><th>Payee<th>Earned, wei<th>Paid, wei<th>Owed, wei${payees.map(rowOfPayee).join('')}</table></html>
`
}

const rowOfFinding = ({ verdict, code, said, facts }: AuditReport['findings'][0]): string =>
  `<tr class="${verdict}"><td>${code}<td>${escaped(said)}<td>${escaped(JSON.stringify(facts))}`

const rowOfPayee = ({ payee, earnedWei, paidWei, owedWei }: AuditReport['payees'][0]): string =>
  `<tr><td>${payee}<td class="n">${earnedWei}<td class="n">${paidWei}<td class="n">${owedWei}`

const escaped = (value: unknown): string => `${value}`.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

/** Exact: all 18 digits that are not zeros at the end. */
function ether(wei: bigint): string {
  const digits = `${wei}`.padStart(19, '0')
  return `${digits.slice(0, -18)}.${digits.slice(-18)}`.replace(/\.?0+$/, '')
}
