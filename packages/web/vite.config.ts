import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { noncePlaceholder } from './src/common/page.ts'
import { libraryAssets } from './vite/library-assets.ts'
import { precompress } from './vite/precompress.ts'
import { withoutEval } from './vite/without-eval.ts'

const stub = fileURLToPath(new URL('./vite/absent-module.ts', import.meta.url))

/** Builds the page into dist/: index.html with placeholders (src/common/page.ts) and everything else under dist/public. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  publicDir: false,
  html: { cspNonce: noncePlaceholder },
  plugins: [withoutEval(), react(), libraryAssets(), precompress()],
  resolve: {
    alias: [
      // The default build carries a century of time-zone rules; ten years are enough for dashboards (−0.9 MB).
      { find: /^moment-timezone$/, replacement: 'moment-timezone/builds/moment-timezone-with-data-10-year-range.js' },
      // Loaded by components that this page does not show; 4 MB together.
      { find: /^monaco-editor$/, replacement: stub },
      { find: /^jquery$/, replacement: stub },
    ],
    dedupe: ['react', 'react-dom', '@grafana/data', '@grafana/ui', '@emotion/css', '@emotion/react', 'rxjs'],
  },
  build: {
    outDir: 'dist',
    assetsDir: 'public/assets',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 3000,
    // Measured by precompress instead, which compresses anyway.
    reportCompressedSize: false,
    rollupOptions: { output: { manualChunks: chunkOf, experimentalMinChunkSize: 20_000 } },
  },
})

/** Pages split by dynamic import; what all of them need is split here, so that a release changes only small files. */
function chunkOf(id: string): string | undefined {
  if (!id.includes('node_modules')) return undefined
  if (/node_modules\/(react|react-dom|scheduler)\//.test(id)) return 'react'
  // Its modules re-export each other through its index; in several chunks they would import each other in a circle.
  if (/node_modules\/@grafana\/data\//.test(id)) return 'grafana-data'
  if (/node_modules\/(@codemirror|@lezer|@prometheus-io|codemirror|@grafana\/lezer-)/.test(id)) return 'editor'
  return undefined
}
