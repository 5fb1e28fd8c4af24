/**
 * What it takes to load each process: from its modules, from its bundle, and from the bundle with the code that V8
 * made of it at the build. Each ends at once for want of settings, so nothing but loading is measured.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { REPOSITORY, temporaryFolder } from './ground/index.ts'

const RUNS = 7
const PROCESSES = [
  ['ledger node', 'network', 'node/main'],
  ['contracts', 'chaincode', 'main'],
  ['gateway', 'gateway', 'main'],
  ['IPFS node', 'test-network', 'services/ipfs-main'],
  ['simulators', 'test-network', 'simulators/main'],
] as const

/** The shortest of several runs, in milliseconds: what is above it is other people's work. */
function load(file: string): number {
  const run = (): number => {
    const startedMs = performance.now()
    spawnSync(process.execPath, [file], { stdio: 'ignore', cwd: temporary })
    return performance.now() - startedMs
  }
  return Math.round(Math.min(...Array.from({ length: RUNS }, run)))
}

/** The same bundle where no kept code lies beside it, at the same depth so that it finds its dependencies. */
function withoutCode(folder: string, entry: string): number {
  const kept = path.join(folder, 'dist/run', entry)
  const bare = path.join(folder, 'dist/run', `${entry}-without-code`)
  const files = ['.mjs', '.bundle.cjs']
  for (const ending of files) copyFileSync(kept + ending, bare + ending)
  try {
    return load(`${bare}.mjs`)
  } finally {
    for (const ending of files) rmSync(bare + ending)
  }
}

const temporary = temporaryFolder('starts')
process.stdout.write(
  '| ms to load | modules | bundle | bundle with kept code |\n|---|---|---|---|\n',
)
for (const [name, workspace, entry] of PROCESSES) {
  const folder = path.join(REPOSITORY, workspace)
  const modules = load(path.join(folder, 'dist/src', `${entry}.js`))
  const bundle = withoutCode(folder, entry)
  const code = load(path.join(folder, 'dist/run', `${entry}.mjs`))
  process.stdout.write(`| ${name} | ${modules} | ${bundle} | ${code} |\n`)
}
rmSync(temporary, { recursive: true })
