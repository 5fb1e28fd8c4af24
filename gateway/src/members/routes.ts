import type { MemberState } from '@triflow/chaincode/model'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import type { Handlers } from '../platform/http/bind.ts'
import { by } from '../network/routes.ts'
import { keep, RECORD_COLUMNS, type RecordRow } from '../projection/records.ts'
import { scopeOf, type Services } from '../services.ts'
import { acquainted } from './acquainted.ts'
import type { DirectoryEntry } from './directory.ts'
import { drawPseudonym, memberCreate, type Enrolment } from './operations.ts'

type Names = 'members.list' | 'members.create' | 'directory.export' | 'directory.import'

export function memberHandlers(services: Services): Handlers<Names> {
  const { config, directory, engine } = services
  engine.define(memberCreate(services))
  return {
    'members.list': async ({ caller, query }) => listMembers(services, scopeOf(caller), query),
    'members.create': async call => {
      const members = call.body.members.map((member): Enrolment => ({
        ...member,
        memberId: member.memberId ?? drawPseudonym(),
      }))
      await directory.take(
        members.map(member => ({ ...member, mspId: config.mspId })),
        true,
      )
      return engine.perform('members.create', { members }, by(call))
    },
    'directory.export': async () => ({
      items: (await directory.all()).filter(entry => entry.own).map(introduction),
    }),
    'directory.import': async ({ body }) => directory.take(body.items, false),
  }
}

function introduction(entry: Awaited<ReturnType<Services['directory']['all']>>[number]) {
  return {
    memberId: entry.memberId,
    mspId: entry.mspId,
    kind: entry.kind as 'SUPPLIER',
    name: entry.name,
    uscc: entry.uscc,
    ...(entry.tier === undefined ? {} : { tier: entry.tier }),
    ...(entry.bankAccount === undefined ? {} : { bankAccount: entry.bankAccount }),
  }
}

interface Filter {
  readonly kind?: string | undefined
  readonly mspId?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

/** Every member deals with these, so everybody may know who they are. */
const NAMED_TO_ALL: ReadonlySet<string> = new Set(['OBLIGOR', 'FUNDER'])

/** Staff of the organisation see its directory; a member sees no more than it may know of its rivals. */
async function introducer(
  services: Services,
  memberId: string | undefined,
): Promise<(entry: DirectoryEntry) => { name?: string; uscc?: string }> {
  if (memberId === undefined) return ({ name, uscc }) => ({ name, uscc })
  const known = await acquainted(services.database, memberId)
  return ({ memberId: id, kind, name }) => (NAMED_TO_ALL.has(kind) || known.has(id) ? { name } : {})
}

async function listMembers(services: Services, memberId: string | undefined, filter: Filter) {
  const where = new Where()
    .and(`kind = 'member'`)
    .maybe(`open->>'kind' = ?`, filter.kind)
    .maybe(`open->>'mspId' = ?`, filter.mspId)
  const after = decodeCursor(filter.cursor, 1)
  if (after) where.and('id > ?', after[0])
  const rows = await services.database.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM records ${where.sql} ORDER BY id LIMIT ${filter.limit + 1}`,
    where.values,
  )
  const known = new Map((await services.directory.all()).map(entry => [entry.memberId, entry]))
  const introduce = await introducer(services, memberId)
  return page(rows, filter.limit, {
    key: row => [row.id],
    item: row => {
      const { open } = keep<MemberState>(row)
      const entry = known.get(row.id)
      return {
        memberId: row.id,
        mspId: open.mspId,
        kind: open.kind,
        status: open.status,
        ...(entry ? introduce(entry) : {}),
        own: entry?.own ?? false,
      }
    },
  })
}
