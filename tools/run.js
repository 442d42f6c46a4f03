// Runs a command and waits: what both `npm test` and `npm run check` are made of.
import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the project's folder; its output passes through, unless it shall be quiet, and is also returned. */
export async function run(command, args, { env = {}, isQuiet = false, onStart = () => undefined } = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  onStart(child)
  let output = ''
  for (const name of ['stdout', 'stderr'])
    child[name].on('data', (chunk) => {
      output += chunk
      if (!isQuiet) process[name].write(chunk)
    })
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { ok: code === 0, output }
}
