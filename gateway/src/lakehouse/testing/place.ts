/** Where a lake of a test lies: a fresh database for the catalogue, a fresh folder for the files. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { emptyDatabase, freshDatabase } from '../../testing/postgres.ts'
import { openEngine, type EngineOptions } from '../engine.ts'

const packages = path.resolve(createRequire(import.meta.url).resolve('pg/package.json'), '../..')

/** Where `npm start` and `npm test` lay them. */
export const extensionFolder = path.join(packages, '.triflow-duckdb')
export const hasExtensions = (): boolean =>
  existsSync(path.join(extensionFolder, 'ducklake.duckdb_extension'))

const SIZE = { memoryMb: 256, threads: 1 }
let template: Promise<string> | undefined

/**
 * An empty lake in a database that has the gateway's tables as well; both are copied from a template.
 *
 * @param at where its files are to lie, if not in a folder of its own.
 */
export async function freshLake(at?: string): Promise<EngineOptions & { remove(): void }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-lake-'))
  const dataPath = at ?? path.join(folder, 'files')
  const catalogUrl = await emptyDatabase(
    hasExtensions() ? await (template ??= makeTemplate(folder)) : undefined,
  )
  if (hasExtensions()) await moveTo(catalogUrl, dataPath)
  return {
    catalogUrl,
    dataPath,
    extensionFolder,
    ...SIZE,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** To make all tables takes seconds, to copy a database that has them a tenth of one. */
async function makeTemplate(folder: string): Promise<string> {
  const { url, close } = await freshDatabase()
  await close()
  const engine = await openEngine({
    catalogUrl: url,
    dataPath: path.join(folder, 'template'),
    extensionFolder,
    ...SIZE,
  })
  engine.close()
  return new URL(url).pathname.slice(1)
}

/** The template has no files yet: all that names its folder is a setting. */
async function moveTo(catalogUrl: string, dataPath: string): Promise<void> {
  const client = new pg.Client({ connectionString: catalogUrl })
  await client.connect()
  await client.query(`UPDATE lake.ducklake_metadata SET value = $1 WHERE key = 'data_path'`, [
    `${dataPath}/`,
  ])
  await client.end()
}
