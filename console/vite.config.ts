// Builds the console into the Python package, so that the API serves it and no other tool is needed to run it.
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const OUT = '../src/twinward/console_dist'

/** Assets are packed once, here, and not again for every visitor. */
const packed = (): Plugin => ({
  name: 'packed',
  apply: 'build',
  async closeBundle() {
    for (const name of await readdir(`${OUT}/assets`)) {
      if (!/\.(js|css)$/.test(name)) continue
      const bytes = await readFile(`${OUT}/assets/${name}`)
      await writeFile(`${OUT}/assets/${name}.br`, brotliCompressSync(bytes))
      await writeFile(`${OUT}/assets/${name}.gz`, gzipSync(bytes, { level: 9 }))
    }
  },
})

/** What every page begins with is named in the page itself: it is fetched while the small first script is. */
const named = (): Plugin => ({
  name: 'named',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle }) {
      const chunks = Object.values(bundle ?? {}).filter((one) => one.type === 'chunk')
      const start = chunks.find((one) => one.facadeModuleId?.endsWith('/src/start.ts'))
      const parts = start ? [start.fileName, ...start.imports] : []
      return parts.filter((name) => !html.includes(name)).map((name) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${name}` }, injectTo: 'head' as const }))
    },
  },
})

// many small files cost a visitor, and the server, more than one
const groups = [
  { name: 'begin', test: /preload-helper|src\/map\/library/, priority: 2 },
  { name: 'shared', test: /src\/(lib|parts|api|words)\//, priority: 1 },
]

export default defineConfig({
  plugins: [svelte(), named(), packed()],
  worker: { format: 'es' },
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500, cssCodeSplit: false, rolldownOptions: { output: { codeSplitting: { groups } } } },
  server: { proxy: { '/v1': 'http://127.0.0.1:8420' } },
})
