/** Each source with its words and how it stands, from the catalogue and from what its process has said. */
import type { Queryable } from '../../platform/database/database.ts'
import { readStreams, type StreamRow } from '../journal.ts'
import type { LakeSource } from './api.ts'
import { CATALOGUE } from './catalogue/index.ts'
import { streamOf } from './lakeSink.ts'
import type { Source } from './source.ts'
import type { SourceStatus } from './status.ts'
import { snake } from '../names.ts'

export async function sourcesView(database: Queryable, nowMs = Date.now()): Promise<LakeSource[]> {
  const said = new Map((await readStreams(database)).map(row => [row.name, row]))
  return Object.values<Source>(CATALOGUE).map(source => ({
    ...wordsOf(source),
    ...standingOf(source, said.get(streamOf(source.name)), nowMs),
  }))
}

function wordsOf(source: Source) {
  const { name, words, origin, freshDays, retention, fields } = source
  const consent = Object.fromEntries(
    Object.entries(source.consent).map(([kind, { kind: basis, grounds }]) => [
      kind,
      { kind: basis, grounds: [...grounds] },
    ]),
  )
  return {
    source: name,
    words,
    origin,
    freshDays,
    retention,
    consent,
    fields: Object.entries(fields).map(([field, one]) => ({
      name: field,
      column: snake(field),
      type: one.column,
      words: one.words,
      masking: one.masking,
      required: one.required,
    })),
  }
}

/** Its own words for how it stands, as the journal has them: those of `SourceStatus`. */
type Said = Omit<SourceStatus, 'source' | 'fault'> & { readonly failures?: number }

const SILENT = {
  state: 'NEVER',
  records: 0,
  deadLetters: 0,
  deadByCode: {},
  duplicates: 0,
  withoutConsent: 0,
  lateConsents: 0,
  drift: {},
} as const

const DAY_MS = 86_400_000
/** Behind the hour at which it wanted to ask again. */
const SILENT_MS = 600_000

/** A process that is dead says nothing of it: what it said last is held against the clock. */
function standingOf(
  { freshDays }: Source,
  row: StreamRow | undefined,
  nowMs: number,
): Omit<LakeSource, keyof ReturnType<typeof wordsOf>> {
  if (!row) return SILENT
  const said = { ...SILENT, ...(row.facts as Partial<Said>), saidAt: row.said_at }
  const { lastEventAt, nextAttemptAt } = said
  if (row.fault)
    return {
      ...said,
      fault: row.fault,
      ...(row.fault_since ? { faultSince: row.fault_since } : {}),
    }
  if (nextAttemptAt !== undefined && nowMs - Date.parse(nextAttemptAt) > SILENT_MS)
    return { ...said, state: 'FAILING', fault: 'its process is silent', faultSince: nextAttemptAt }
  const isOld = lastEventAt !== undefined && nowMs - Date.parse(lastEventAt) > freshDays * DAY_MS
  return { ...said, state: isOld ? 'STALE' : said.state }
}
