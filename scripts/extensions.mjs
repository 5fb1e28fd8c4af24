// The lakehouse's database extensions: signed files that DuckDB loads, of exactly its version. They come as Python
// wheels from the package index where pip is there, else from DuckDB's own place. Nothing else needs them: without
// them the lake alone is unavailable, and says so.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runtime } from './runtime.mjs'

/** Of the index, and of the file: DuckDB finds the code in a file by the file's name. */
const NAMES = { ducklake: 'ducklake', postgres: 'postgres_scanner', httpfs: 'httpfs' }
const TIMEOUT_MS = 300_000

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const extensionFolder = path.join(root, 'node_modules/.triflow-duckdb')
const fileOf = name => path.join(extensionFolder, `${NAMES[name]}.duckdb_extension`)

const missing = () => Object.keys(NAMES).filter(name => !existsSync(fileOf(name)))

/** Of the engine that is installed; its extensions are of the same. */
const versionOf = () =>
  JSON.parse(readFileSync(path.join(root, 'node_modules/@duckdb/node-api/package.json'))).version

/** Brings what is missing, in a process of its own; a name that cannot be had is said and left out. */
export function bringExtensions() {
  const stamp = path.join(extensionFolder, 'version')
  const isOld = existsSync(stamp) && readFileSync(stamp, 'utf8') !== versionOf()
  if (isOld) rmSync(extensionFolder, { recursive: true })
  if (missing().length > 0)
    spawnSync(runtime(), [fileURLToPath(import.meta.url)], { stdio: 'inherit' })
}

async function fetchExtensions() {
  if (missing().length === 0) return
  process.stderr.write(`Fetching extensions of the lakehouse (${missing().join(', ')}) ...\n`)
  mkdirSync(extensionFolder, { recursive: true })
  writeFileSync(path.join(extensionFolder, 'version'), versionOf())
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'triflow-extensions-'))
  try {
    const duckdb = createRequire(import.meta.url)('@duckdb/node-api')
    fromWheels(missing(), duckdb.version(), scratch)
    if (missing().length > 0) await fromDuckDb(duckdb, missing(), scratch)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  if (missing().length > 0)
    process.stderr.write(
      `Not found: ${missing().join(', ')}. The lake stays closed until they lie in ${extensionFolder}.\n`,
    )
}

function fromWheels(names, version, scratch) {
  const wanted = names.map(name => `duckdb-extension-${name}==${version.replace(/^v/, '')}`)
  const python = (...args) =>
    spawnSync('python3', ['-m', ...args], { cwd: scratch, timeout: TIMEOUT_MS }).status === 0
  if (!python('pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', ...wanted)) return
  for (const wheel of readdirSync(scratch).filter(name => name.endsWith('.whl')))
    python('zipfile', '-e', wheel, scratch)
  keep(names, scratch)
}

async function fromDuckDb({ DuckDBInstance }, names, scratch) {
  const instance = await DuckDBInstance.create(':memory:', { extension_directory: scratch })
  const connection = await instance.connect()
  for (const name of names) await connection.run(`INSTALL ${name}`)
  connection.closeSync()
  instance.closeSync()
  keep(names, scratch)
}

/** Both places lay them into folders of their own making. */
function keep(names, scratch) {
  const files = readdirSync(scratch, { recursive: true })
  for (const name of names) {
    const isIt = file => [name, NAMES[name]].includes(path.basename(file, '.duckdb_extension'))
    const found = files.find(file => file.endsWith('.duckdb_extension') && isIt(file))
    if (!found) continue
    // Under its name it is whole.
    copyFileSync(path.join(scratch, found), `${fileOf(name)}.part`)
    renameSync(`${fileOf(name)}.part`, fileOf(name))
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await fetchExtensions()
