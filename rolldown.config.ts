import type { BuildOptions } from 'rolldown'
import { licenses } from './scripts/licenses.ts'

/** What every command needs, in one file: each file that is opened at the start costs about half a millisecond. */
const frame =
  /\/src\/(cli|world|errors|duration|nearest|config\/table|targets\/index|server\/setting-table|commands\/(entry|serve\.entry|index|[a-z-]*options|words|help|terminal|entries\/[^/]+))\.ts$/

/** See docs/decisions/0001-bundle-the-dependencies.md. */
const config: BuildOptions & { output: object } = {
  input: { start: './src/start.ts' },
  platform: 'node',
  // pg asks for it and does without it.
  external: ['pg-native'],
  // The Kubernetes client's 700 model files do nothing when loaded; the few that we use are kept.
  treeshake: { moduleSideEffects: [{ test: /node_modules\/@kubernetes\//, sideEffects: false }] },
  plugins: [licenses()],
  output: {
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: { groups: [{ name: 'frame', test: frame }] },
    minify: false,
  },
}

export default config
