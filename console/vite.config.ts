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

export default defineConfig({
  plugins: [svelte(), packed()],
  worker: { format: 'es' },
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
  server: { proxy: { '/v1': 'http://127.0.0.1:8420' } },
})
