/** Where Debian's packages come from: wherever this machine gets its own, or the mirror that the environment names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const archives = ['debian', 'debian-security'] as const

/** The URLs of Debian's two archives. `security` is absent where the machine has none. */
export interface Mirror {
  readonly archive: string
  readonly security: string | undefined
}

/**
 * `BURSAR_DEBIAN` names the URL under which `debian` and `debian-security` lie; without it apt's own sources are read.
 *
 * @throws Error that says what to set, where neither names a mirror
 */
export function findMirror(environment: NodeJS.ProcessEnv = process.env, apt = '/etc/apt'): Mirror {
  const base = environment.BURSAR_DEBIAN?.replace(/\/+$/, '')
  const urls = base ? archives.map((name) => `${base}/${name}`) : readSources(apt)
  const [archive, security] = archives.map((name) => urls.find((url) => url.endsWith(`/${name}`)))
  if (archive) return { archive, security }
  throw new Error(
    `no mirror of Debian is known: ${apt} names none. Set BURSAR_DEBIAN to the URL that holds debian/ and debian-security/`,
  )
}

/** Every URL that apt's sources name, in either format, without what is commented out or switched off. */
function readSources(apt: string): string[] {
  const parts = join(apt, 'sources.list.d')
  const names = existsSync(parts) ? readdirSync(parts).sort() : []
  const read = (path: string): string =>
    existsSync(path) ? readFileSync(path, 'utf8').replace(/^\s*#.*\n?/gm, '') : ''
  const lines = [
    join(apt, 'sources.list'),
    ...names.filter((name) => name.endsWith('.list')).map((n) => join(parts, n)),
  ]
    .flatMap((path) => read(path).split('\n'))
    .filter((line) => /^\s*deb\s/.test(line))
  const stanzas = names
    .filter((name) => name.endsWith('.sources'))
    .flatMap((name) => read(join(parts, name)).split(/\n\s*\n/))
    .filter((stanza) => /^Types:.*\bdeb(?!-)/im.test(stanza) && !/^Enabled:\s*no\b/im.test(stanza))
    .flatMap((stanza) => /^URIs:((?:.*)(?:\n[ \t].*)*)/im.exec(stanza)?.[1] ?? [])
  return [...lines, ...stanzas]
    .flatMap((text) => text.match(/[a-z+]+:\/\/\S+/g) ?? [])
    .map((url) => url.replace(/\/+$/, ''))
}
