/**
 * Files on storage that speaks S3, by configuration. The key is a secret of DuckDB's: it is asked for by the prefix of
 * the files, and no statement that reads or writes them names it.
 */
import { readFileSync } from 'node:fs'
import type { Config } from '../platform/config.ts'
import { CodedError } from '../platform/faults.ts'
import { quoted } from './names.ts'

/** As the configuration has it. */
export type StorageSettings = NonNullable<NonNullable<Config['lake']>['storage']>

/** Beside those that every lake needs. */
export const STORAGE_EXTENSION = 'httpfs'

/** A storage that does not answer is a fault after this; the lake tries again by itself. */
const TIMEOUT_SECONDS = 10
const RETRIES = 2

/** @throws CodedError LAKE_STORAGE_SECRET: the file cannot be read, or has nothing in it. */
export function storageSecret({ secretFile }: StorageSettings): string {
  const text = readText(secretFile).trim()
  if (text === '') throw new CodedError('LAKE_STORAGE_SECRET', { detail: secretFile })
  return text
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CodedError('LAKE_STORAGE_SECRET', { detail: file, cause: error })
  }
}

/**
 * Statements that let a session reach the files below `dataPath`, once the extension is loaded. They hold the secret:
 * never log them.
 */
export function storageStatements(dataPath: string, settings: StorageSettings): string[] {
  const { endpoint, region, keyId, urlStyle, tls } = settings
  const parts = [
    'TYPE s3',
    `KEY_ID ${quoted(keyId)}`,
    `SECRET ${quoted(storageSecret(settings))}`,
    `REGION ${quoted(region)}`,
    `ENDPOINT ${quoted(endpoint)}`,
    `URL_STYLE ${quoted(urlStyle)}`,
    `USE_SSL ${tls}`,
    `SCOPE ${quoted(dataPath)}`,
  ]
  return [
    `SET GLOBAL http_timeout = ${TIMEOUT_SECONDS}`,
    `SET GLOBAL http_retries = ${RETRIES}`,
    `CREATE OR REPLACE SECRET storage (${parts.join(', ')})`,
  ]
}
