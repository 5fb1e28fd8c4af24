// A server that speaks S3, for the claims about files on such storage. `npm test` brings s3rver, a server for tests
// that is a package; `node scripts/storage-server.mjs --real` builds versitygw, which people run, where Go is: it takes
// some minutes, and from then on the claims are about that one.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const TEST_SERVER = 's3rver@3.7.1'
const REAL_SERVER = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
const TIMEOUT_MS = 600_000

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const folder = path.join(root, 'node_modules/.triflow-storage')

/** Without one the claims are left out, and say so. */
export function bringStorageServer(real = false) {
  const isThere = real
    ? existsSync(path.join(folder, 'versitygw'))
    : existsSync(path.join(folder, 'node_modules/s3rver'))
  if (isThere) return
  mkdirSync(folder, { recursive: true })
  const [command, args, env] = real
    ? ['go', ['install', REAL_SERVER], { GOBIN: folder }]
    : ['npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', TEST_SERVER], {}]
  process.stderr.write(`Fetching ${args.at(-1)} ...\n`)
  const options = { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] }
  spawnSync(command, args, { ...options, timeout: TIMEOUT_MS })
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  bringStorageServer(process.argv.includes('--real'))
