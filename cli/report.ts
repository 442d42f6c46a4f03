/** `bursar report`: sends usage, read as NDJSON from stdin, as signed batches. */
import { Command, Option } from 'commander'
import { type AcceptableCode, acceptableCodes } from './fault.ts'
import { readKeyFile } from './keyFile.ts'
import { httpUrl, wholeNumber } from './options.ts'
import { createProgress } from './progress.ts'
import { keepReceiptsIn } from './receiptFolder.ts'
import { runReport } from './runReport.ts'

interface Options {
  readonly key: string
  readonly url: string
  readonly batch: number
  readonly flushMs: number
  readonly state?: string
  readonly receipts?: string
  readonly skipBad: boolean
  readonly accept: readonly AcceptableCode[]
  readonly json: boolean
}

const help = `
Each line of the input is one event:
  {"type":"workload","id":"job-1","payee":"0x..","tariff":"gpu-second","units":"12"}
  {"type":"session_start","id":"s-1","payee":"0x..","tariff":"stream-hour","at_ms":1760000000000}
  {"type":"session_heartbeat","id":"s-1","at_ms":1760000010000}
  {"type":"session_end","id":"s-1","at_ms":1760000020000}
  {"type":"credit","id":"bonus-1","payee":"0x..","wei":"1000000000000000"}

The state file keeps each batch until a commit on chain covers it, and how far each input was read. Run the same command
again after a crash, with the same input: it goes on behind what is stored. An input is known by its first line, so a file may
grow, and a producer behind a pipe may start over; lines of a pipe that were read but not yet in a batch are not remembered.

Exit codes: 0 all acknowledged, 1 trouble that needs someone, 2 bad input or options, 75 stopped, run again.`

export const reportCommand = (): Command =>
  new Command('report')
    .description('send usage, read as NDJSON from stdin, as signed batches')
    .requiredOption(
      '--key <file>',
      'file with the secret key of the reporter, 64 hex digits, readable by its owner only',
    )
    .requiredOption('--url <url>', 'address of the daemon', httpUrl)
    .option('--batch <events>', 'most events in a batch', wholeNumber(1, 1000), 500)
    .option('--flush-ms <ms>', 'how long an event waits for others', wholeNumber(0, 3_600_000), 1000)
    .option('--state <file>', 'state file (default: the key file with .state)')
    .option('--receipts <folder>', 'keep each receipt with its batch as SEQUENCE.json, for bursar verify and evidence')
    .option('--skip-bad', 'leave out bad lines and refused events, and count them', false)
    .addOption(
      new Option('--accept <code...>', 'go on although this was found').choices(acceptableCodes).default([], 'none'),
    )
    .option('--json', 'print one line of JSON at the end', false)
    .addHelpText('after', help)
    .action(report)

async function report({ key: keyFile, url, batch, flushMs, state, receipts, ...options }: Options): Promise<void> {
  const { skipBad, accept, json } = options
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())

  const key = readKeyFile(keyFile)
  const progress = createProgress({ terminal: process.stderr, reporter: key.address })
  try {
    await runReport(
      {
        key,
        url,
        statePath: state ?? `${keyFile}.state`,
        input: process.stdin,
        eventsMax: batch,
        flushMs,
        isSkipping: skipBad,
        accepted: accept,
        progress,
        ...(receipts === undefined ? {} : { keep: keepReceiptsIn(receipts) }),
      },
      stop.signal,
    )
  } finally {
    const summary = progress.end()
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`)
    process.stdin.destroy() // a pipe that stays open would keep the process
  }
}
