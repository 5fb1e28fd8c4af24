/**
 * The organisation's lake as a sandbox sees it: attached for reading, its files in one folder or
 * below one prefix of a bucket, nothing else to be opened.
 */
import path from 'node:path'
import type { EngineOptions } from '../engine.ts'
import { CATALOG_SCHEMA, EXTENSIONS, LAKE, quoted } from '../names.ts'
import { secretOf, secretsOf } from '../secret.ts'
import { STORAGE_EXTENSION, storageSecret, storageStatements } from '../storage.ts'
import type { AnalysisLake } from './query.ts'

/** @param options.catalogUrl of a role of PostgreSQL that may only read: a sandbox is handed it. */
export function duckLake(
  options: Pick<EngineOptions, 'catalogUrl' | 'dataPath' | 'extensionFolder' | 'storage'>,
): AnalysisLake {
  const { dataPath, storage } = options
  const loads = [...EXTENSIONS, ...(storage ? [STORAGE_EXTENSION] : [])].map(
    name => `LOAD ${quoted(path.join(options.extensionFolder, `${name}.duckdb_extension`))}`,
  )
  return {
    catalogue: LAKE,
    folders: [dataPath],
    secrets: [
      ...secretsOf(options.catalogUrl),
      ...(storage ? [storageSecret(storage), storage.keyId] : []),
    ],
    attach(version) {
      const settings = [
        'READ_ONLY',
        `DATA_PATH ${quoted(dataPath)}`,
        'CREATE_IF_NOT_EXISTS false',
        `METADATA_SCHEMA ${quoted(CATALOG_SCHEMA)}`,
        'META_SECRET catalogue',
        ...(version === undefined ? [] : [`SNAPSHOT_VERSION ${version}`]),
      ]
      const attached = `ATTACH 'ducklake:postgres:' AS ${LAKE} (${settings.join(', ')})`
      const reached = storage ? storageStatements(dataPath, storage) : []
      return [...loads, ...reached, secretOf(options.catalogUrl), attached]
    },
  }
}
