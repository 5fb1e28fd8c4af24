/**
 * The organisation's lake as a sandbox sees it: attached for reading, its files in one folder,
 * nothing else to be opened.
 */
import path from 'node:path'
import type { EngineOptions } from '../engine.ts'
import { LAKE } from '../names.ts'
import { secretOf, secretsOf } from '../secret.ts'
import { quotedText } from './ast.ts'
import type { AnalysisLake } from './query.ts'

const EXTENSIONS = ['postgres_scanner', 'ducklake'] as const
/** The schema of the catalogue in PostgreSQL; engine.ts makes it. */
const CATALOG_SCHEMA = 'lake'

/** @param options.catalogUrl of a role of PostgreSQL that may only read: a sandbox is handed it. */
export function duckLake(
  options: Pick<EngineOptions, 'catalogUrl' | 'dataPath' | 'extensionFolder'>,
): AnalysisLake {
  const loads = EXTENSIONS.map(
    name => `LOAD ${quotedText(path.join(options.extensionFolder, `${name}.duckdb_extension`))}`,
  )
  return {
    catalogue: LAKE,
    folders: [options.dataPath],
    secrets: secretsOf(options.catalogUrl),
    attach(version) {
      const settings = [
        'READ_ONLY',
        `DATA_PATH ${quotedText(options.dataPath)}`,
        'CREATE_IF_NOT_EXISTS false',
        `METADATA_SCHEMA ${quotedText(CATALOG_SCHEMA)}`,
        'META_SECRET catalogue',
        ...(version === undefined ? [] : [`SNAPSHOT_VERSION ${version}`]),
      ]
      const attached = `ATTACH 'ducklake:postgres:' AS ${LAKE} (${settings.join(', ')})`
      return [...loads, secretOf(options.catalogUrl), attached]
    },
  }
}
