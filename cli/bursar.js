#!/usr/bin/env node
// Starts the command under the Node of the lockfile, after setting up what is missing. Runs under any Node from 20 on.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setUp } from '../tools/setup.js'

const here = dirname(fileURLToPath(import.meta.url))

setUp()
// What was compiled once is not compiled again. Not in a folder where others could put code.
const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(here, '..', 'node_modules', '.cache', 'bursar')
const child = spawn(
  join(here, '..', 'node_modules', '.bin', 'node'),
  [join(here, 'main.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE } },
)

// Ctrl-C reaches the child from the terminal as well, which does not mind to hear it twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))

child.on('error', (error) => {
  console.error(`bursar: ${error.message}`)
  process.exitCode = 1
})
child.on('exit', (code, signal) => {
  // Whoever waits for this process learns how the child ended, a signal included.
  if (signal) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  } else {
    process.exitCode = code ?? 1
  }
})
