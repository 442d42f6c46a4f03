/** The page in a real browser, over the real stack; and what it shows when the daemon behind it lies. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import { type Browser, chromium, type Page, type Route } from 'playwright-core'
import { parseEther } from 'viem'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../../anvil/waiting.ts'
import { createClient } from '../../client/client.ts'
import type { Hex } from '../../ledger/hex.ts'
import { chromium as executablePath } from '../../tools/chromium.js'

const project = join(import.meta.dirname, '../..')
const pictures = join(project, '.build/pictures')
const withinMs = 120_000
const waiting = { timeoutMs: 30_000 }
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking']
const quietFlags = ['--no-first-run', '--disable-component-update', '--disable-sync']

let folder: string
let run: ChildProcess
let browser: Browser
let url: string
let rpcUrl: string
let trust: string
let payee: Hex
let operatorUrl: string
/** What the daemon said of the payee at an anchor that was followed by others since. */
let old: { readonly anchored: object }

const isSkipped = !existsSync(executablePath)

describe.skipIf(isSkipped)('the page', { timeout: withinMs }, () => {
  beforeAll(async () => {
    const built = spawnSync('vite', ['build', '--config', 'tools/page.config.js', '--logLevel', 'warn'], {
      cwd: project,
      encoding: 'utf8',
    })
    expect(built.status, built.stderr).toBe(0)
    folder = mkdtempSync(join(tmpdir(), 'bursar-page-'))
    mkdirSync(pictures, { recursive: true })
    run = spawn(process.execPath, [join(project, 'anvil/start.ts'), '--dir', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    run.stdout?.on('data', (chunk) => {
      said += chunk
    })
    const wait = { timeoutMs: withinMs, signal: new AbortController().signal }
    const [, api, rpc, operator] = await waitFor(
      { ...wait, what: 'the demonstration does not begin' },
      async () => /API (\S+), RPC (\S+)\npage \S+\noperator (\S+), token in/.exec(said) ?? undefined,
    )
    ;[url, rpcUrl, operatorUrl] = [api as string, rpc as string, operator as string]
    payee = await waitFor({ ...wait, what: 'nobody is paid' }, async () => {
      const { payouts } = await createClient({ url }).payouts({ limit: 1 })
      return payouts[0]?.payee
    })
    trust = readFileSync(join(folder, 'trust.json'), 'utf8')
    old = await fetch(`${url}/api/ledger/accounts/${payee}`).then(async (answer) => (await answer.json()) as typeof old)
    browser = await chromium.launch({ executablePath, args: [...flags, ...quietFlags] })
  }, withinMs)

  afterAll(async () => {
    await browser?.close()
    const ended = new Promise((resolve) => run?.once('close', resolve))
    run?.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  })

  interface Look {
    readonly width?: number
    readonly colorScheme?: 'light' | 'dark'
  }

  /** A page of its own; whatever it complains of fails the test. */
  async function open(path: string, { width = 360, colorScheme = 'light' }: Look = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(waiting.timeoutMs)
    page.on('pageerror', (error) => expect.soft(error.message).toBe(''))
    await page.goto(/^(http|about)/.test(path) ? path : `${url}/${path}`)
    return page
  }

  const openPayee = (look?: Look): Promise<Page> => open(`#/payee/${payee}?rpc=${encodeURIComponent(rpcUrl)}`, look)

  /** Runs the checks, again if they ran before. @returns the verdict of each, and of all */
  async function verify(page: Page): Promise<Record<string, string | null>> {
    const trusted = page.getByLabel(/The contents of/)
    if (!(await trusted.isVisible())) await page.getByText('What you trust beforehand').click()
    await trusted.fill(trust)
    await page.evaluate("document.querySelector('p[data-verdict]')?.setAttribute('data-old', '')")
    await page.getByRole('button', { name: 'Verify' }).click()
    const all = page.locator('p[data-verdict]:not([data-old])')
    await all.waitFor()
    const checks = await page.locator('li[data-check]').all()
    const verdicts = await Promise.all(
      checks.map(async (check) => [await check.getAttribute('data-check'), await check.getAttribute('data-verdict')]),
    )
    return { ...Object.fromEntries(verdicts), all: await all.getAttribute('data-verdict') }
  }

  /** Nothing cut off at the side. */
  async function expectFit(page: Page): Promise<void> {
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  }

  /** Nothing that a screen reader, or an eye that needs contrast, stumbles over. */
  async function expectAccessible(page: Page): Promise<void> {
    await page.evaluate(axe.source)
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run()
      return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`)
    })
    expect(found.filter((line) => /^(serious|critical)/.test(line))).toEqual([])
  }

  test('a payee types its address, and sees what it is owed, what was paid and for what', async () => {
    const page = await open('#/payee')
    await page.getByLabel('Your address').fill('0x12')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByRole('alert').getByText('40 hexadecimal digits').waitFor()
    await page.getByLabel('Your address').fill(payee.toUpperCase().replace('0X', '0x'))
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByRole('region', { name: 'You are owed' }).getByText('Earned in all').waitFor()
    await page
      .getByRole('region', { name: 'Payments' })
      .getByText(/^(Paid|Could not pay)/)
      .first()
      .waitFor()
    await page.getByRole('region', { name: 'What it is for' }).locator('summary').first().click()
    await page
      .getByText(/Batch \d+ of reporter/)
      .first()
      .waitFor()
    // Behind a payment are the batches that it paid for.
    const payments = page.getByRole('region', { name: 'Payments' })
    const payment = payments.locator('ol > li').filter({ hasText: 'What this paid for' }).last()
    await payment.getByText('What this paid for').click()
    await payment
      .getByText(/entry .+ of the log/)
      .first()
      .waitFor()
    const sums = await payment.locator('.amount').allTextContents()
    const [amount, ...gains] = sums.map((sum) => parseEther(sum.replace(' ETH', '')))
    expect(gains.reduce((total, wei) => total + wei, 0n)).toBe(amount)
  })

  test('a wallet names the address; the proof can be taken home, and names the contract', async () => {
    const page = await open('#/')
    await page.evaluate((address) => {
      Object.assign(globalThis, { ethereum: { request: async () => [address] } })
    }, payee)
    await page.getByRole('link', { name: 'Payee' }).click()
    await page.getByRole('button', { name: 'Connect a wallet' }).click()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download the proof' }).click()
    const proof = JSON.parse(readFileSync(await (await saved).path(), 'utf8'))
    const { verifyingContract } = await createClient({ url }).status()
    expect(proof).toMatchObject({ payee, contract: verifyingContract })
    expect(BigInt(proof.earned_wei)).toBeGreaterThan(0n)
  })

  test('a payee that nobody reported work for is told so', async () => {
    const page = await open(`#/payee/0x${'ab'.repeat(20)}`)
    await page.getByText('Nobody has reported work for this address').waitFor()
  })

  test('every check of a paid payee is green, and so again on the next visit', async () => {
    // From the link of `npm start` over the list of payments: the node that it proposed stays filled in.
    const page = await open(`#/?rpc=${encodeURIComponent(rpcUrl)}`)
    await page.getByRole('region', { name: 'Last payments' }).getByRole('link').first().click()
    await page.getByText('What you trust beforehand').click()
    await page.getByLabel('Take it from a file').setInputFiles(join(folder, 'trust.json'))
    await page.waitForFunction("document.querySelector('#trust').value !== ''")
    expect(await page.getByLabel(/The contents of/).inputValue()).toBe(trust)
    const verdicts = await verify(page)
    expect(Object.values(verdicts)).toEqual(Object.keys(verdicts).map(() => 'holds'))
    expect(Object.keys(verdicts)).toEqual(expect.arrayContaining(['head', 'log', 'attestation', 'birth', 'account']))
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Keep these checks' }).click()
    const kept = JSON.parse(readFileSync(await (await saved).path(), 'utf8'))
    expect(kept).toMatchObject({
      verdict: 'holds',
      checks: expect.arrayContaining([expect.objectContaining({ id: 'account', verdict: 'holds' })]),
    })
    await page.reload()
    expect(await verify(page)).toMatchObject({ memory: 'holds', all: 'holds' })
  })

  // biome-ignore lint/suspicious/noExplicitAny: JSON that is about to be falsified
  type Forge = (json: any) => void
  /** A daemon that lies: what it answers under a path is changed on the way to the browser. */
  async function lie(page: Page, path: string, forge: Forge): Promise<void> {
    await page.route(`**${path}`, async (route: Route) => {
      const response = await route.fetch()
      const json = await response.json()
      forge(json)
      await route.fulfill({ response, json })
    })
  }
  const flip = (hex: string): string => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`

  test('a daemon that lies is shown red, whatever it lies about', async () => {
    const account = '/api/ledger/accounts/0x*'
    const lies: readonly (readonly [what: string, check: string, path: string, forge: Forge])[] = [
      [
        'a balance that is too high',
        'account',
        account,
        (json) => {
          json.anchored.earned_wei = `${BigInt(json.anchored.earned_wei) + 1n}`
        },
      ],
      [
        'a sum that was not paid',
        'account',
        account,
        (json) => {
          json.paid_wei = `${BigInt(json.paid_wei) + 1n}`
        },
      ],
      [
        'a forged proof',
        'account',
        account,
        (json) => {
          json.anchored.proof[0] = flip(json.anchored.proof[0])
        },
      ],
      [
        'another root than the contract holds',
        'head',
        '/api/tee/status',
        (json) => {
          json.head.root = flip(json.head.root)
        },
      ],
      [
        'an old root, as if it were the newest',
        'account',
        account,
        (json) => {
          json.anchored = { ...old.anchored, counter: json.anchored.counter }
        },
      ],
      [
        'a log that is not the anchored one',
        'log',
        '/api/log',
        (json) => {
          json.root = flip(json.root)
        },
      ],
      [
        'a forged attestation',
        'attestation',
        '/api/tee/attestation?*',
        (json) => {
          const bytes = Buffer.from(json.document_b64, 'base64')
          bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
          json.document_b64 = bytes.toString('base64')
        },
      ],
    ]
    const page = await openPayee()
    for (const [what, check, path, forge] of lies) {
      await lie(page, path, forge)
      expect(await verify(page), what).toMatchObject({ [check]: 'lie', all: 'lie' })
      await page.getByText('Keep this page').waitFor()
      await page.unrouteAll({ behavior: 'wait' })
    }
    expect(await verify(page)).toMatchObject({ all: 'holds' })
  })

  /** Takes the operator's view with this token. */
  async function enter(token: string, look?: Look): Promise<Page> {
    const page = await open(operatorUrl, look)
    await page.getByLabel(/^The token/).fill(token)
    await page.getByRole('button', { name: 'Enter' }).click()
    return page
  }

  test('an operator with another token is told so, and sees no plan', async () => {
    const page = await enter('x'.repeat(43))
    await page.getByText('UNAUTHORIZED').first().waitFor()
    expect(await page.getByText('would be paid').count()).toBe(0)
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.getByLabel(/^The token/).waitFor()
  })

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    test.each([360, 1_024])('%i pixels wide: nothing is cut off, nothing is inaccessible', async (width) => {
      const look = { width, colorScheme }
      const shoot = async (page: Page, name: string) => {
        await page.getByText('asking').filter({ visible: true }).first().waitFor({ state: 'detached' })
        await expectFit(page)
        if (width === 360) await expectAccessible(page)
        await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true })
      }
      const page = await open('#/', look)
      await page.getByRole('img', { name: 'Earned by all' }).waitFor()
      await page.getByRole('img', { name: 'Entries a minute' }).waitFor()
      await page.getByText('The money is there').waitFor()
      await page.getByText('measured as').waitFor()
      await shoot(page, 'public')
      await page.goto(`${url}/#/payee/${payee}?rpc=${encodeURIComponent(rpcUrl)}`)
      await page.getByText('Earned in all').waitFor()
      await shoot(page, 'payee')
      expect(await verify(page)).toMatchObject({ all: 'holds' })
      await shoot(page, 'verified')

      const desk = await enter(readFileSync(join(folder, 'operator.token'), 'utf8'), look)
      await desk.getByText('Gas account').waitFor()
      await desk.getByText(/^\d+ would be paid$/).waitFor()
      await desk.getByRole('region', { name: 'Alerts' }).locator('p.good, li').first().waitFor()
      await desk.getByRole('region', { name: 'Differences' }).locator('p.good, summary').first().waitFor()
      expect(await desk.getByText('UNAUTHORIZED').count()).toBe(0)
      await shoot(desk, 'operator')
    })
  })

  test('by keyboard alone', async () => {
    const page = await open('#/payee')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.id')).toBe('payee')
    await page.keyboard.type(payee)
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'You are owed' }).waitFor()
  })

  test('what happens is shown at once, and nothing is asked from anywhere else', async () => {
    const page = await open('about:blank')
    // Without a clock that asks again only the daemon's stream can tell of news.
    await page.addInitScript('globalThis.setInterval = () => 0')
    await page.goto(`${url}/#/`)
    const anchor = page.getByRole('region', { name: 'Now' }).getByText(/^number /)
    const before = (await anchor.textContent())?.split(',')[0] as string
    await anchor.filter({ hasNotText: before }).waitFor()
    const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    expect(asked.filter((name) => !name.startsWith(url) && !name.startsWith('data:'))).toEqual([])
  })
})
