// The SDK as a browser gets it: bundled by Vite out of what is imported of it, and of nothing else.
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './run.js'

const entry = 'virtual:entry'

/** The code of a module that takes these names from the SDK; all of them where none are given. */
export async function bundleSdk(names = []) {
  const from = JSON.stringify(join(root, 'client/index.ts'))
  const code = names.length === 0 ? `export * from ${from}` : `export { ${names.join(', ')} } from ${from}`
  const { output } = await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['browser', 'default'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? code : undefined),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      modulePreload: false,
      rollupOptions: { input: entry, preserveEntrySignatures: 'strict', output: { format: 'es' } },
    },
  })
  return output
    .filter(({ type }) => type === 'chunk')
    .map((chunk) => chunk.code)
    .join('\n')
}
