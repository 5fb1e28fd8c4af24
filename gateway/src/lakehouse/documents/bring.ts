/** One document out of the vault, read, as the lake keeps it. */
import { setTimeout as delay } from 'node:timers/promises'
import { VaultFault, type Vault } from '@triflow/ipfs'
import { CodedError, isFault } from '../../platform/faults.ts'
import type { NewDocument } from './add.ts'
import type { Extraction, Extractor } from './extract.ts'
import { LIMITS } from './extract/outcome.ts'
import type { OwedDocument } from './owed.ts'

/** One that does not come is tried again later, and does not hold up the others meanwhile. */
export const VAULT_MS = 30_000

/** These will be the same tomorrow: the document stands in the lake with the code, and without text. */
const FINAL = new Set(['VAULT_NOT_A_READER', 'VAULT_TAMPERED', 'VAULT_FORMAT_UNKNOWN'])
/** The reader itself broke: perhaps it was not the document. */
const AGAIN = new Set(['READER_FAILED'])
const AGAIN_MAX = 3

export type Brought =
  | { readonly outcome: 'READ'; readonly document: NewDocument }
  /** Not now. */
  | { readonly outcome: 'UNREAD'; readonly code: string }

export async function bring(
  owed: OwedDocument,
  { vault, extractor, vaultMs = VAULT_MS }: BringParts,
): Promise<Brought> {
  if (Number(owed.bytes) > LIMITS.bytes) return read(owed, refusal('BYTES_LIMIT'))
  let bytes: Uint8Array
  try {
    bytes = await inTime(contentOf(owed, vault), vaultMs)
  } catch (error) {
    const code = codeOf(error)
    return FINAL.has(code) ? read(owed, refusal(code)) : { outcome: 'UNREAD', code }
  }
  const hints = { name: owed.file_name, mediaType: owed.media_type }
  const extraction = await extractor.extract(bytes, hints)
  const code = extraction.outcome === 'REFUSED' ? extraction.code : ''
  if (AGAIN.has(code) && owed.lake_attempts < AGAIN_MAX) return { outcome: 'UNREAD', code }
  return read(owed, extraction)
}

export interface BringParts {
  readonly vault: Vault
  readonly extractor: Extractor
  readonly vaultMs?: number
}

async function contentOf(owed: OwedDocument, vault: Vault): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const reference = { ...owed, bytes: Number(owed.bytes) }
  for await (const piece of vault.get(reference)) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const stop = new AbortController()
  const late = delay(ms, undefined, { signal: stop.signal, ref: false }).then(() => {
    throw new CodedError('VAULT_TIME_LIMIT')
  })
  try {
    return await Promise.race([work, late])
  } finally {
    stop.abort()
    late.catch(() => undefined)
    work.catch(() => undefined)
  }
}

function codeOf(error: unknown): string {
  if (error instanceof VaultFault || isFault(error)) return error.code
  return 'VAULT_UNREADABLE'
}

type Refused = { readonly outcome: 'REFUSED'; readonly code: string }
const refusal = (code: string): Refused => ({ outcome: 'REFUSED', code })

const UNKNOWN_KIND = 'UNKNOWN'

function read(owed: OwedDocument, extraction: Extraction | Refused): Brought {
  return { outcome: 'READ', document: { ...whose(owed), ...whatOf(extraction) } }
}

const whose = (owed: OwedDocument) => ({
  id: owed.document_id,
  cid: owed.cid,
  name: owed.file_name,
  ...(owed.member_id === null ? {} : { member: owed.member_id }),
  atMs: Date.parse(owed.created_at),
})

function whatOf(extraction: Extraction | Refused) {
  switch (extraction.outcome) {
    case 'EXTRACTED':
      return { kind: extraction.kind, text: extraction.text, warnings: extraction.warnings }
    case 'WITHOUT_TEXT':
      return { kind: extraction.kind, text: '', code: 'WITHOUT_TEXT' }
    case 'REFUSED':
      return { kind: kindRefused(extraction.code), text: '', code: extraction.code }
  }
}

const kindRefused = (code: string): string => /^(PDF|XML|ZIP)_/.exec(code)?.[1] ?? UNKNOWN_KIND
