/** Whom the organisation has forgotten: what a source sends of them again is not kept. */
import type { Queryable } from '../../platform/database/database.ts'
import { subjectText } from '../sources/sink.ts'
import type { Subject } from '../sources/source.ts'
import { listTag } from './subject.ts'

export interface Forgotten {
  /** Those of the subjects, as `kind/id`, of whom nothing from this source may be kept. */
  among(source: string, subjects: readonly Subject[]): Promise<ReadonlySet<string>>
}

/** A deletion of all sources. */
export const ALL = ''

/** @param key of the organisation: `secrets.derive(FORGOTTEN_KEY)`. */
export const FORGOTTEN_KEY = 'lake forgotten'

export const forgottenIn = (database: Queryable, key: Buffer): Forgotten => ({
  async among(source, subjects) {
    const byTag = new Map(subjects.map(subject => [listTag(key, subject), subjectText(subject)]))
    if (byTag.size === 0) return new Set()
    const rows = await database.query<{ subject: string }>(
      'SELECT subject FROM lake_forgotten WHERE subject = ANY($1) AND source IN ($2, $3)',
      [[...byTag.keys()], ALL, source],
    )
    return new Set(rows.map(({ subject }) => byTag.get(subject) ?? subject))
  },
})
