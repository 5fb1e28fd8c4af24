/** Where a lake of a test lies: a fresh database for the catalogue, a fresh folder for the files. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { emptyDatabase } from '../../testing/postgres.ts'
import type { EngineOptions } from '../engine.ts'

const packages = path.resolve(createRequire(import.meta.url).resolve('pg/package.json'), '../..')

/** Where `npm start` and `npm test` lay them. */
export const extensionFolder = path.join(packages, '.triflow-duckdb')
export const hasExtensions = (): boolean =>
  existsSync(path.join(extensionFolder, 'ducklake.duckdb_extension'))

export async function freshLake(): Promise<EngineOptions & { remove(): void }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-lake-'))
  return {
    catalogUrl: await emptyDatabase(),
    dataPath: path.join(folder, 'files'),
    extensionFolder,
    memoryMb: 256,
    threads: 1,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
