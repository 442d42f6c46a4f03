/** The SDK's checks, in the visitor's browser, against a node of the visitor's choice. */
import type { TargetedEvent } from 'preact'
import { useState } from 'preact/hooks'
import { createRpc } from '../../client/chain/rpc.ts'
import { type Check, type CheckId, checkIds, verdictOf } from '../../client/checks/check.ts'
import { type Trust, trust, trustDefault } from '../../client/checks/trust.ts'
import { verifyDaemon } from '../../client/verifyDaemon.ts'
import type { Hex } from '../../ledger/hex.ts'
import { client } from './live.ts'
import { keepMemory, readMemory, remember, remembered } from './memory.ts'
import { Card, download } from './parts.tsx'
import { proposedRpc } from './route.ts'

const names: Readonly<Record<Check['id'], readonly [name: string, why: string]>> = {
  chain: ['The chain', 'Your node and the daemon speak of the same chain.'],
  contract: [
    'The contract',
    'The contract that holds the money has exactly the published code, and its owner can change things only in public and after a delay.',
  ],
  head: ['The head', 'The daemon shows the root that the contract holds, not an older one.'],
  log: ['The log', 'The log is the one whose root the contract holds, only longer.'],
  memory: ['Since your last visit', 'Nothing that you saw before was taken out of the log or changed.'],
  configuration: ['The rules', 'The rules in force are in the log, and the contract names them.'],
  attestation: [
    'The enclave now',
    'The program that keeps the ledger runs in an enclave, from an image that you trust.',
  ],
  birth: ["The key's birth", 'The key that the contract follows was made inside such an enclave: nobody holds a copy.'],
  boot: ['Its start', 'The present start of the enclave was announced on the chain.'],
  account: [
    'Your balance',
    'Your balance is part of the root that the contract holds; what was paid is what the contract paid.',
  ],
  preference: [
    'How you are paid',
    'By ticket or as plain ETH, and from which sum on: as you signed it, or as the rules say.',
  ],
  receipt: ['Your receipt', 'The batch of your receipt is in the log.'],
}

const verdicts = {
  holds: { sign: '✓', words: 'holds' },
  lie: { sign: '✗', words: 'not true' },
  unknown: { sign: '?', words: 'could not be checked' },
} as const

const summaries = {
  holds: 'Everything holds. You need not believe this daemon: you have checked it.',
  lie: 'Something that this daemon says is not true. Keep this page: what it shows is evidence.',
  unknown: 'Nothing was found false, but not everything could be checked. See below for what is missing.',
} as const

/** A link may propose a node, which is shown before it is used. It may not propose whom to trust. */
const proposedNode = (): string => proposedRpc() ?? remembered('rpc') ?? ''

export function Verify({ payee }: { payee: Hex }) {
  const [checks, setChecks] = useState<readonly Check[]>([])
  const [phase, setPhase] = useState<'idle' | 'running' | 'done'>('idle')
  const [fault, setFault] = useState<string>()

  const run = async (form: HTMLFormElement) => {
    const fields = new FormData(form)
    const [rpcUrl, trustText] = [fields.get('rpc') as string, fields.get('trust') as string]
    setFault(undefined)
    setChecks([])
    let trusted: Trust
    try {
      trusted = readTrust(trustText)
    } catch (error) {
      return setFault(`What you trust cannot be read: ${error instanceof Error ? error.message : error}`)
    }
    remember('rpc', rpcUrl)
    remember('trust', trustText)
    setPhase('running')
    try {
      const contract = (await client.status()).verifyingContract
      const memory = readMemory(contract)
      const steps = verifyDaemon({
        client,
        rpc: createRpc({ url: rpcUrl }),
        trust: trusted,
        payee,
        nonce: crypto.getRandomValues(new Uint8Array(32)),
        nowMs: Date.now(),
        ...(memory ? { memory } : {}),
      })
      for (;;) {
        const { value, done } = await steps.next()
        if (done) {
          if (value) keepMemory(value)
          break
        }
        setChecks((before) => [...before, value])
      }
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error))
    }
    setPhase('done')
  }

  return (
    <Card title="Verify in this browser" id="verify">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          run(event.currentTarget)
        }}
      >
        <label for="rpc">An Ethereum node that you trust (JSON-RPC URL)</label>
        <div class="row">
          <input
            id="rpc"
            name="rpc"
            type="url"
            required
            placeholder="https://…"
            defaultValue={proposedNode()}
            spellcheck={false}
          />
          <button type="submit" disabled={phase === 'running'}>
            {phase === 'running' ? 'Checking …' : 'Verify'}
          </button>
        </div>
        <details>
          <summary>What you trust beforehand</summary>
          <label for="trust">
            The contents of <code>trust.json</code>: chain, contract, attestation root and images. Take it from someone
            you trust, not from this daemon. Left empty: AWS's root, and no image.
          </label>
          <input type="file" accept=".json" aria-label="Take it from a file" onChange={takeFile} />
          <textarea id="trust" name="trust" rows={5} spellcheck={false} defaultValue={remembered('trust') ?? ''} />
        </details>
      </form>
      {fault && (
        <p class="trouble" role="alert">
          {fault}
        </p>
      )}
      <div aria-live="polite">
        {phase === 'done' && checks.length > 0 && (
          <>
            <Verdict verdict={verdictOf(checks)} />
            <button type="button" class="plain" onClick={() => save(payee, checks)}>
              Keep these checks as a file
            </button>
          </>
        )}
        <ol class="checks">
          {checks.map((check) => (
            <Result key={check.id} check={check} />
          ))}
          {phase === 'running' && pending(checks).map((id) => <Pending key={id} id={id} />)}
        </ol>
      </div>
    </Card>
  )
}

async function takeFile({ currentTarget: { files, form } }: TargetedEvent<HTMLInputElement>): Promise<void> {
  const [file] = files ?? []
  const field = form?.elements.namedItem('trust')
  if (file && field instanceof HTMLTextAreaElement) field.value = await file.text()
}

const readTrust = (text: string): Trust => (text.trim() === '' ? trustDefault : trust.read(JSON.parse(text), 'trust'))

/** Everything that was checked, as a file: what a payee shows to others, or keeps. */
const save = (payee: Hex, checks: readonly Check[]): void =>
  download(
    `bursar-checks-${payee}.json`,
    `${JSON.stringify({ at: new Date(), payee, verdict: verdictOf(checks), checks }, null, 2)}\n`,
  )

const Verdict = ({ verdict }: { verdict: Check['verdict'] }) => (
  <p class={`verdict ${verdict}`} data-verdict={verdict}>
    <strong>{verdicts[verdict].sign}</strong> {summaries[verdict]}
  </p>
)

/** What is still to come: a payee's checks, without those that need a receipt or an earlier visit. */
const pending = (made: readonly Check[]): CheckId[] =>
  checkIds.filter((id) => id !== 'receipt' && id !== 'memory' && !made.some((check) => check.id === id))

const Pending = ({ id }: { id: CheckId }) => (
  <li class="pending">
    <span class="sign" aria-hidden="true">
      …
    </span>
    <div>
      <strong>{names[id][0]}</strong>
    </div>
  </li>
)

/** What was found stands open where it is bad news. */
function Result({ check: { id, verdict, said, restsOn, code, facts } }: { check: Check }) {
  const [name, why] = names[id]
  return (
    <li class={verdict} data-check={id} data-verdict={verdict}>
      <span class="sign" aria-hidden="true">
        {verdicts[verdict].sign}
      </span>
      <div>
        <strong>{name}</strong> <span class="outcome">{verdicts[verdict].words}</span> {code && <code>{code}</code>}
        <p>{why}</p>
        <details open={verdict !== 'holds'}>
          <summary>What was found</summary>
          <p>
            {said}. Rests on: {restsOn}.
          </p>
          <dl class="facts">
            {Object.entries(facts).map(([fact, value]) => (
              <div key={fact}>
                <dt>{fact.replaceAll('_', ' ')}</dt>
                <dd>
                  <code>{value}</code>
                </dd>
              </div>
            ))}
          </dl>
        </details>
      </div>
    </li>
  )
}
