import { isCreditCode, type MemberState } from '@triflow/chaincode/model'
import type { Database, Queryable, Row } from '../platform/database/database.ts'
import { CodedError } from '../platform/faults.ts'
import type { z } from 'zod'
import type { Introduction } from './api.ts'

type IntroductionInput = z.infer<typeof Introduction>

export interface DirectoryEntry {
  readonly memberId: string
  readonly mspId: string
  readonly kind: string
  readonly name: string
  readonly uscc: string
  readonly tier: number | undefined
  readonly bankAccount: string | undefined
  readonly own: boolean
}

interface MemberRow extends Row {
  member_id: string
  msp_id: string
  kind: string
  name: string
  uscc: string
  tier: number | null
  bank_account: string | null
  own: boolean
}

/** Who stands behind a pseudonym: kept by each organisation for itself, never on the ledger. */
export interface Directory {
  byId(memberId: string): Promise<DirectoryEntry | undefined>
  byCreditCode(uscc: string): Promise<readonly DirectoryEntry[]>
  byAccount(account: string): Promise<DirectoryEntry | undefined>
  all(): Promise<readonly DirectoryEntry[]>
  take(
    entries: readonly IntroductionInput[],
    own: boolean,
  ): Promise<{ taken: number; known: number }>
  party(memberId: string): Promise<{ memberId: string; name?: string }>
}

const FRESH_MS = 1_000

export function createDirectory(database: Database): Directory {
  let cache: { at: number; entries: readonly DirectoryEntry[]; byId: Map<string, DirectoryEntry> }
  cache = { at: 0, entries: [], byId: new Map() }

  async function load(): Promise<typeof cache> {
    if (Date.now() - cache.at < FRESH_MS) return cache
    const rows = await database.query<MemberRow>('SELECT * FROM members ORDER BY member_id')
    const entries = rows.map(entryOf)
    cache = { at: Date.now(), entries, byId: new Map(entries.map(e => [e.memberId, e])) }
    return cache
  }

  return {
    byId: async memberId => (await load()).byId.get(memberId),
    byCreditCode: async uscc => (await load()).entries.filter(e => e.uscc === uscc),
    byAccount: async account => (await load()).entries.find(e => e.bankAccount === account),
    all: async () => (await load()).entries,
    async take(entries, own) {
      entries.forEach(requireCreditCode)
      const known = await database.transaction(tx => write(tx, entries, own))
      cache.at = 0
      return { taken: entries.length - known, known }
    },
    async party(memberId) {
      const entry = (await load()).byId.get(memberId)
      return entry ? { memberId, name: entry.name } : { memberId }
    },
  }
}

function requireCreditCode(entry: { uscc: string }): void {
  if (!isCreditCode(entry.uscc))
    throw new CodedError('USCC_CHECK', {
      detail: '18 characters; the last one is computed from the others',
      facts: { endsWith: entry.uscc.slice(-4) },
    })
}

/** Returns how many were known before. A name may be corrected, the organisation of a member never. */
async function write(
  tx: Queryable,
  entries: readonly IntroductionInput[],
  own: boolean,
): Promise<number> {
  let known = 0
  for (const entry of entries) {
    const [row] = await tx.query<{ inserted: boolean; msp_id: string }>(
      `INSERT INTO members (member_id, msp_id, kind, name, uscc, tier, bank_account, own)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (member_id) DO UPDATE SET name = excluded.name, uscc = excluded.uscc,
         tier = coalesce(excluded.tier, members.tier),
         bank_account = coalesce(excluded.bank_account, members.bank_account)
       RETURNING (xmax = 0) AS inserted, msp_id`,
      [
        entry.memberId,
        entry.mspId,
        entry.kind,
        entry.name,
        entry.uscc,
        entry.tier ?? null,
        entry.bankAccount ?? null,
        own,
      ],
    )
    if (row && row.msp_id !== entry.mspId)
      throw new CodedError('MEMBER_MISMATCH', { facts: { memberId: entry.memberId } })
    if (row && !row.inserted) known++
  }
  return known
}

function entryOf(row: MemberRow): DirectoryEntry {
  return {
    memberId: row.member_id,
    mspId: row.msp_id,
    kind: row.kind,
    name: row.name,
    uscc: row.uscc,
    tier: row.tier ?? undefined,
    bankAccount: row.bank_account ?? undefined,
    own: row.own,
  }
}

export type { MemberState }
