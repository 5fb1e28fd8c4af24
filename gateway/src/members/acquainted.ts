import type { Queryable } from '../platform/database/database.ts'

/** Trade documents and paper that name two members, each with the columns of both sides. */
const MEETINGS = [
  ['order', 'buyer', 'seller'],
  ['invoice', 'buyer', 'seller'],
  ['receivable', 'obligor', 'holder'],
  ['transfer', 'from', 'to'],
] as const

const SQL = MEETINGS.flatMap(([kind, one, other]) => [met(kind, one, other), met(kind, other, one)])
  .join(' UNION ')
  .concat(' UNION SELECT $1')

/** The first condition is that of a partial index. */
function met(kind: string, mine: string, theirs: string): string {
  return `SELECT secret->>'${theirs}' AS id FROM records
    WHERE secret ? '${mine}' AND kind = '${kind}' AND secret->>'${mine}' = $1`
}

/** The members that one member has traded with or holds paper of, and itself: whose names it knows anyway. */
export async function acquainted(database: Queryable, memberId: string): Promise<Set<string>> {
  const rows = await database.query<{ id: string }>(SQL, [memberId])
  return new Set(rows.map(row => row.id))
}
