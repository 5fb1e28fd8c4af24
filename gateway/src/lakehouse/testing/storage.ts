/**
 * A server that speaks S3, as a process of its own. versitygw where it lies, which people run; else s3rver, which is
 * made for tests. scripts/storage-server.mjs lays either there.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { EngineOptions } from '../engine.ts'
import type { StorageSettings } from '../storage.ts'
import { extensionFolder, freshLake } from './place.ts'
import { until } from './weather.ts'

const folder = path.resolve(extensionFolder, '../.triflow-storage')
const REAL = path.join(folder, 'versitygw')
const FOR_TESTS = path.join(folder, 'node_modules/s3rver')

export const storageServer = (): 'versitygw' | 's3rver' | undefined => {
  if (existsSync(REAL)) return 'versitygw'
  return existsSync(FOR_TESTS) ? 's3rver' : undefined
}
export const hasStorage = (): boolean =>
  storageServer() !== undefined && existsSync(path.join(extensionFolder, 'httpfs.duckdb_extension'))

const BUCKET = 'lake'
/** s3rver knows this pair and no other. */
const KEY_ID = 'S3RVER'
export const STORAGE_KEY = 'S3RVER'
/** versitygw takes any. */
export const REAL_KEY = 'a key that nobody may see'

export interface StorageServer {
  readonly key: string
  readonly options: Pick<EngineOptions, 'dataPath'> & { readonly storage: StorageSettings }
  /** As when its machine is off. */
  stop(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

export async function freshStorage(): Promise<StorageServer> {
  const place = mkdtempSync(path.join(os.tmpdir(), 'triflow-storage-'))
  mkdirSync(path.join(place, 'files', BUCKET), { recursive: true })
  const port = 30_000 + Math.floor(Math.random() * 10_000)
  const key = storageServer() === 'versitygw' ? REAL_KEY : STORAGE_KEY
  const secretFile = path.join(place, 'secret')
  writeFileSync(secretFile, `${key}\n`, { mode: 0o600 })
  let child: ChildProcess | undefined
  const server: StorageServer = {
    key,
    options: {
      dataPath: `s3://${BUCKET}/banka`,
      storage: {
        endpoint: `127.0.0.1:${port}`,
        region: 'us-east-1',
        keyId: KEY_ID,
        secretFile,
        urlStyle: 'path',
        tls: false,
      },
    },
    async start() {
      child = launch(place, port)
      await until(
        async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)) !== undefined,
      )
    },
    async stop() {
      if (!child || child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async remove() {
      await server.stop()
      rmSync(place, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

function launch(place: string, port: number): ChildProcess {
  const files = path.join(place, 'files')
  if (storageServer() === 'versitygw') {
    const own = ['--quiet', '--access', KEY_ID, '--secret', REAL_KEY, '--port', `127.0.0.1:${port}`]
    // What it knows of an object beside its bytes; not every file system keeps it with the file.
    const beside = path.join(place, 'beside')
    mkdirSync(beside, { recursive: true })
    return spawn(REAL, [...own, 'posix', '--sidecar', beside, files], { stdio: 'ignore' })
  }
  const program = `
    const S3rver = require(${JSON.stringify(FOR_TESTS)})
    new S3rver({ port: ${port}, address: '127.0.0.1', silent: true,
      directory: ${JSON.stringify(files)}, configureBuckets: [{ name: '${BUCKET}' }] }).run()`
  return spawn(process.execPath, ['--no-deprecation', '-e', program], { stdio: 'ignore' })
}

export async function lakeOn(
  server: StorageServer,
): Promise<EngineOptions & { readonly storage: StorageSettings; remove(): void }> {
  return { ...(await freshLake(server.options.dataPath)), ...server.options }
}
