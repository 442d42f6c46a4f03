/** `bursar measure` against daemons that attest this image, and another: everything is built as an outsider would. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeDocument } from '../../anvil/document.ts'
import { openPki } from '../../anvil/pki.ts'

const folder = mkdtempSync(join(tmpdir(), 'bursar-measure-'))
const run = promisify(execFile)
const pki = openPki({ folder, now: Date.now })
const rootPath = join(folder, 'root.pem')
let pcrs: Map<number, Uint8Array>
let server: Server

/** As a daemon answers, for whatever image it likes. */
beforeAll(async () => {
  const [root] = pki.authorities
  const body = Buffer.from(root).toString('base64')
  writeFileSync(rootPath, `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`)
  await run(process.execPath, ['enclave/image/main.ts', folder])
  const { measurement } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  pcrs = new Map(Object.values<string>(measurement).map((pcr, n) => [n, new Uint8Array(Buffer.from(pcr, 'hex'))]))
  server = createServer((request, response) => {
    const nonce = /nonce=0x([0-9a-f]+)$/.exec(request.url ?? '')?.[1] ?? ''
    const asked = { nonce: new Uint8Array(Buffer.from(nonce, 'hex')) }
    const document = writeDocument(pki, { moduleId: 'i-0-enc0', timestampMs: Date.now(), pcrs, request: asked })
    response.end(JSON.stringify({ document_b64: Buffer.from(document).toString('base64') }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

async function measure(...options: string[]) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const args = ['cli/main.ts', 'measure', url, '--root', rootPath, '--json', ...options]
  const { code = 0, stdout } = await run(process.execPath, args).catch((error) => error)
  return { code, result: stdout === '' ? undefined : JSON.parse(stdout) }
}

test('default: a second build in another folder is the image that is attested', async () => {
  expect(await measure()).toMatchObject({ code: 0, result: { isSame: true, differs: null } })
})

test('row 8: an image with another PCR2 is another', async () => {
  pcrs.set(2, new Uint8Array(48).fill(1))
  const { code, result } = await measure()
  expect(code).toBe(1)
  expect(result.differs).toContain('PCR2')
})

test('error: a daemon in debug mode proves nothing', async () => {
  pcrs.set(0, new Uint8Array(48))
  expect(await measure()).toEqual({ code: 2, result: undefined })
})
