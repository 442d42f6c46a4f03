// The page is tested in a real browser: Debian's Chromium, installed here where that can be done.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian puts it. */
export const chromium = '/usr/bin/chromium'

/** Installs Chromium if it is missing; says how where it cannot, and then the tests of the page are skipped. */
export function ensureChromium() {
  if (existsSync(chromium)) return
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (canInstall) {
    console.error('Bursar: installing Chromium, which the tests of the page need (once, about a minute) ...')
    apt('update')
    apt('install', '--yes', '--no-install-recommends', 'chromium')
  }
  if (!existsSync(chromium))
    console.error(`Bursar: without ${chromium} the tests of the page are skipped. On Debian: apt-get install chromium`)
}

function apt(...args) {
  spawnSync('apt-get', ['--quiet=2', ...args], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
