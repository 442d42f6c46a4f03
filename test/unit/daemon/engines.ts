/** Both engines of the store, for suites that hold for both: a file, and a real PostgreSQL server. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Postgres, startPostgres } from '../../../anvil/postgres.ts'

export interface Engine {
  readonly name: 'sqlite' | 'postgres'
  /** The address of an empty place for a store. */
  place(): Promise<string>
  /** The server behind it, if there is one. */
  readonly server: Postgres | undefined
  /** Where a process that was killed now would leave what it wrote. */
  crashImage(address: string): string
}

/** A PostgreSQL server for the tests of a suite. */
export function usePostgres(): { readonly server: Postgres } {
  let server: Postgres | undefined
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server?.stop())
  return {
    get server() {
      if (!server) throw new Error('the server runs during tests only')
      return server
    },
  }
}

/** Runs the same suite over each engine. */
export function describeEngines(suite: (engine: Engine) => void): void {
  describe('sqlite', () => suite(sqlite()))
  describe('postgres', () => suite(postgres()))
}

function sqlite(): Engine {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-store-'))
  let count = 0
  afterAll(() => rmSync(folder, { recursive: true }))
  return {
    name: 'sqlite',
    server: undefined,
    place: async () => `sqlite:${join(folder, `${count++}.sqlite`)}`,
    crashImage(address) {
      const image = join(folder, `${count++}.sqlite`)
      for (const suffix of ['', '-wal']) cpSync(`${address.slice('sqlite:'.length)}${suffix}`, `${image}${suffix}`)
      return `sqlite:${image}`
    },
  }
}

function postgres(): Engine {
  const context = usePostgres()
  let count = 0
  return {
    name: 'postgres',
    get server() {
      return context.server
    },
    place: () => context.server.createDatabase(`store${count++}`),
    crashImage: (address) => address, // what it wrote is with the server, which lives on
  }
}
