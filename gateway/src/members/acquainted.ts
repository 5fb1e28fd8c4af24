import type { Queryable } from '../platform/database/database.ts'

/** Trade documents and paper that name two members, each with what names either side. */
const MEETINGS = [
  ['order', 'buyer', 'seller'],
  ['invoice', 'buyer', 'seller'],
  ['receivable', 'obligor', 'holder'],
  ['transfer', `secret->>'from'`, `secret->>'to'`],
] as const

const SQL = MEETINGS.flatMap(([kind, one, other]) => [met(kind, one, other), met(kind, other, one)])
  .join(' UNION ')
  .concat(' UNION SELECT $1')

function met(kind: string, mine: string, theirs: string): string {
  return `SELECT ${theirs} AS id FROM records WHERE kind = '${kind}' AND ${mine} = $1`
}

/** The members that one member has traded with or holds paper of, and itself: whose names it knows anyway. */
export async function acquainted(database: Queryable, memberId: string): Promise<Set<string>> {
  const rows = await database.query<{ id: string }>(SQL, [memberId])
  return new Set(rows.map(row => row.id))
}
