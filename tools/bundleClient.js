// The SDK as a browser gets it: bundled out of what is imported of it, and of nothing else.
import { build } from 'esbuild'
import { root } from './run.js'

/** What a browser gets of a module that imports `@bursar/client`, as it is found from this folder. Throws where something of Node is in it. */
export async function bundleClient(code, resolveDir = root) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir },
    bundle: true,
    write: false,
    minify: true,
    legalComments: 'none',
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  })
  return outputFiles[0].text
}
