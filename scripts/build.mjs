// Builds every workspace, and only when a source is newer than the last build. No dependency but Node itself,
// so that it can run before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runtime } from './runtime.mjs'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const workspaces = [
  'chaincode',
  'network',
  'ipfs',
  'gateway/learning',
  'gateway',
  'test-network',
  'benchmarks',
]
const sources = [...workspaces.map(name => `${name}/src`), 'network/fabric', 'scripts']

function newest(folder) {
  let latest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name)
    const time = entry.isDirectory() ? newest(full) : statSync(full).mtimeMs
    if (time > latest) latest = time
  }
  return latest
}

function isStale(stamp, folders) {
  if (!existsSync(stamp)) return true
  const builtAt = statSync(stamp).mtimeMs
  return folders.some(folder => existsSync(folder) && newest(folder) > builtAt)
}

function run(command, args, label) {
  const started = Date.now()
  process.stderr.write(`${label} ...`)
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (result.status !== 0) {
    process.stderr.write(` failed\n${result.stdout ?? ''}${result.stderr ?? ''}`)
    process.exit(1)
  }
  process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}

/** Compiles the services when a source changed since the last build. */
export function build() {
  const stamp = path.join(root, 'node_modules/.triflow-build')
  if (
    !isStale(
      stamp,
      sources.map(folder => path.join(root, folder)),
    )
  )
    return
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
  run(runtime(), [compiler, '-b', ...workspaces], 'Compiling')
  run(runtime(), [path.join(root, 'scripts/bundle.mjs')], 'Bundling the processes')
  writeFileSync(stamp, '')
}

/** Bundles the portals when one of their sources changed since the last build. */
export function buildPortals() {
  const folder = path.join(root, 'org-portals')
  const stamp = path.join(root, 'node_modules/.triflow-portals')
  if (!existsSync(path.join(folder, 'index.html')) || !isStale(stamp, [path.join(folder, 'src')]))
    return
  run(
    runtime(),
    [path.join(root, 'node_modules/vite/bin/vite.js'), 'build', folder, '--logLevel', 'warn'],
    'Bundling the portals',
  )
  writeFileSync(stamp, '')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  build()
  buildPortals()
}
