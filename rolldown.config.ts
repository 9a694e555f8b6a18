import { defineConfig } from 'rolldown'

// What npm installs stays outside the bundle for now; see docs/decisions.
export default defineConfig({
  input: { start: 'src/start.ts' },
  platform: 'node',
  external: /^[^./]/,
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js', minify: false, cleanDir: true },
})
