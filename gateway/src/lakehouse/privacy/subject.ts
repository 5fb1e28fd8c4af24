/** Of whom a request speaks: as people write it, as tables name it, and as a list may know it without naming it. */
import { createHmac } from 'node:crypto'
import type { Queryable } from '../../platform/database/database.ts'
import { CodedError, invariant } from '../../platform/faults.ts'
import { subjectOf } from '../sources/check.ts'
import type { Subject } from '../sources/source.ts'

export interface Named {
  readonly subject: Subject
  /** What stands for the subject in the tables: of a member also its pseudonyms on the ledger. */
  readonly identifiers: readonly string[]
}

export const subjectText = ({ kind, id }: Subject): string => `${kind}/${id}`

/** @throws CodedError SUBJECT_INVALID */
export function parseSubject(text: string): Subject {
  const [kind, id] = text.split('/')
  const subject = subjectOf({ subject: { kind, id } })
  if (!subject)
    throw new CodedError('SUBJECT_INVALID', {
      status: 422,
      detail: 'PERSON/ and a reference (p and 16 hex digits), or MEMBER/ and a social credit code',
    })
  return subject
}

/** Letters and digits, and too many of them to stand in a file by chance. */
const UNMISTAKABLE = /^[A-Za-z0-9]{16,64}$/

/** A member's pseudonyms are looked up in the directory of the organisation; on the ledger there is nothing else. */
export async function nameOf(
  database: Queryable,
  subject: Subject,
  source: string | undefined,
): Promise<Named> {
  const rows =
    subject.kind === 'MEMBER' && source === undefined
      ? await database.query<{ member_id: string }>(
          'SELECT member_id FROM members WHERE uscc = $1 ORDER BY member_id',
          [subject.id],
        )
      : []
  const identifiers = [subject.id, ...rows.map(row => row.member_id)]
  for (const one of identifiers) invariant(UNMISTAKABLE.test(one), 'an identifier is unmistakable')
  return { subject, identifiers }
}

const hmac = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex')

/** How the organisation's own list knows a subject: nobody without its key can look anybody up in it. */
export const listTag = (key: Buffer, subject: Subject): string => hmac(key, subjectText(subject))

/** How a proof knows a subject: whoever has the nonce and the name can see that it is theirs, nobody else. */
export const proofTag = (nonceHex: string, subject: Subject): string =>
  hmac(Buffer.from(nonceHex, 'hex'), `triflow erasure\n${subjectText(subject)}`)
