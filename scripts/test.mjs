// npm test: installs and builds what is missing, runs every suite within its time, and ends with one line of sums.
//   npm test -- [SUITE ...] [--ledger embedded|fabric]
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './build.mjs'
import { runtime } from './runtime.mjs'
import { setUp } from './setup.mjs'
import { bringStorageServer } from './storage-server.mjs'

/** What the lake is made of beside the ledger's tables, each a folder. */
const LAKE_PARTS = [
  'analysis',
  'documents',
  'events',
  'features',
  'marts',
  'privacy',
  'sources',
].map(part => `gateway/src/lakehouse/${part}`)

/** Time budgets in seconds on two cores; a suite that needs longer has failed. */
const SUITES = [
  { name: 'contracts', specs: ['chaincode/src'], seconds: 240 },
  { name: 'ledger', specs: ['network/src', 'network/fabric'], seconds: 600 },
  { name: 'vault', specs: ['ipfs/src'], seconds: 120 },
  { name: 'learning', specs: ['gateway/learning/src'], seconds: 240 },
  {
    name: 'gateway',
    specs: ['gateway/src'],
    without: ['gateway/src/lakehouse'],
    seconds: 240,
  },
  {
    name: 'lakehouse',
    specs: ['gateway/src/lakehouse'],
    without: LAKE_PARTS,
    seconds: 480,
  },
  { name: 'lakehouse-parts', specs: LAKE_PARTS, seconds: 900 },
  {
    name: 'test-network',
    specs: ['test-network/src', 'benchmarks/src'],
    without: ['test-network/src/endtoend', 'test-network/src/chaos'],
    seconds: 300,
  },
  // One process a file: two copies of Fabric's message classes in one process replace each other.
  {
    name: 'end-to-end',
    specs: ['test-network/src/endtoend'],
    seconds: 420,
    onFabric: true,
    apart: true,
  },
  // One seed; CHAOS_SEED names another.
  { name: 'chaos', specs: ['test-network/src/chaos'], seconds: 420, onFabric: true },
  { name: 'portals', specs: ['org-portals'], seconds: 120 },
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ledger: { type: 'string', default: 'embedded' } },
})

/** Test files below the folders, in a fixed order. */
function filesOf({ specs, without = [] }) {
  return specs
    .filter(folder => existsSync(path.join(root, folder)))
    .flatMap(folder =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter(name => /\.test\.tsx?$/.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
        .map(name => path.join(folder, name)),
    )
    .filter(file => !without.some(folder => file.startsWith(`${folder}/`)))
    .sort()
}

/** A suite as it is run: whole, or a file at a time. */
function runsOf(suite) {
  const files = filesOf(suite)
  if (!suite.apart) return [{ ...suite, files }]
  return files.map(file => ({
    ...suite,
    name: `${suite.name}: ${path.basename(file, '.test.ts')}`,
    files: [file],
  }))
}

function runSuite(suite, scratch) {
  const { files } = suite
  if (files.length === 0) return Promise.resolve(undefined)
  const resultFile = path.join(scratch, `${suite.name.replace(/\W+/g, '-')}.json`)
  const started = Date.now()
  process.stdout.write(
    `\n${suite.name}: ${files.length === 1 ? '1 file' : `${files.length} files`}\n`,
  )
  const args = [
    path.join(root, 'node_modules/mocha/bin/mocha.js'),
    '--reporter',
    path.join(root, 'scripts/test-reporter.mjs'),
    // A story that failed half way leaves requests behind that ask again for a while.
    ...(suite.onFabric ? ['--exit'] : []),
    ...files,
  ]
  const child = spawn(runtime(), args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      TRIFLOW_TEST_RESULT: resultFile,
      TRIFLOW_COMPILED: 'true',
      LEDGER: values.ledger,
    },
    detached: true,
  })
  return new Promise(resolve => {
    let late = false
    const budget = setTimeout(() => {
      late = true
      process.stdout.write(`    FAILED: ${suite.name} took longer than ${suite.seconds} s\n`)
      stop(child)
    }, suite.seconds * 1_000)
    const interrupt = () => {
      stop(child)
      process.exit(130)
    }
    process.once('SIGINT', interrupt)
    child.on('exit', code => {
      clearTimeout(budget)
      process.off('SIGINT', interrupt)
      resolve({ ...sumsOf(resultFile, code, late), seconds: (Date.now() - started) / 1_000 })
    })
  })
}

/** Ends the whole group: mocha runs the tests in a child of its own. */
function stop(child) {
  try {
    process.kill(-child.pid, 'SIGTERM')
    setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 10_000).unref()
  } catch {
    // It has ended by itself.
  }
}

/** A runner that ended without a result, or badly with no failed test, counts as one failure. */
function sumsOf(resultFile, code, late) {
  if (!existsSync(resultFile)) return { passed: 0, failed: 1, skipped: 0 }
  const { passed, failed, skipped } = JSON.parse(readFileSync(resultFile, 'utf8'))
  const crashed = late || (code !== 0 && failed === 0)
  return { passed, failed: failed + (crashed ? 1 : 0), skipped }
}

function chosenSuites() {
  const named = SUITES.filter(({ name }) => positionals.includes(name))
  const all = values.ledger === 'fabric' ? SUITES.filter(({ onFabric }) => onFabric) : SUITES
  return positionals.length > 0 ? named : all
}

if (values.ledger === 'fabric' && !process.env.FABRIC_BIN) {
  process.stderr.write(
    'Set FABRIC_BIN to the folder of Fabric v3 binaries (peer, orderer, configtxgen, cryptogen, osnadmin), >= 3.1.5: docs/how-to/real-fabric.md\n',
  )
  process.exit(1)
}
setUp()
if (chosenSuites().some(({ name }) => name === 'lakehouse')) bringStorageServer()
const scratch = mkdtempSync(path.join(os.tmpdir(), 'triflow-test-'))
const sums = { passed: 0, failed: 0, skipped: 0 }
for (const suite of chosenSuites().flatMap(runsOf)) {
  const result = await runSuite(suite, scratch)
  if (!result) continue
  for (const key of Object.keys(sums)) sums[key] += result[key]
  const { passed, failed, skipped, seconds } = result
  process.stdout.write(
    `  ${suite.name}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds.toFixed(0)} s\n`,
  )
}
rmSync(scratch, { recursive: true, force: true })
const skippedInCi = process.env.CI === 'true' && sums.skipped > 0
if (skippedInCi) process.stdout.write('\nNothing may be skipped when CI=true.\n')
process.stdout.write(`\n${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped\n`)
process.exit(sums.failed > 0 || sums.passed === 0 || skippedInCi ? 1 : 0)
