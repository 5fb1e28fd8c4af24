/**
 * Documents flow into the lake by themselves: out of the vault, through the reader, with their words into the index.
 * Each is there once: what is owed is settled after the lake has it, and what the lake has is not brought again.
 */
import { randomUUID } from 'node:crypto'
import type { Database } from '../../platform/database/database.ts'
import { isFault, CodedError } from '../../platform/faults.ts'
import { NO_ROWS, type Engine } from '../engine.ts'
import type { LakeJournal } from '../journal.ts'
import { movePosition, positionOf } from '../positions.ts'
import { pull, type LakeParts, type Stream } from '../stream.ts'
import { addDocuments, knownOf, type NewDocument } from './add.ts'
import { bring, type BringParts } from './bring.ts'
import { openExtractor } from './extract.ts'
import {
  oweAllTo,
  putOff,
  readOwed,
  readOwedFacts,
  settleOwed,
  settleWithheld,
  withhold,
  type OwedDocument,
} from './owed.ts'
import { isIndexDue, rebuildIndex } from './rebuild.ts'
import { removeDocument } from './remove.ts'
import { tidyIndex } from './segments.ts'
import { readTally } from './tally.ts'

const NAME = 'documents'
const PAUSE_MS = 5_000

export function startDocuments(parts: LakeParts): Stream {
  const extractor = openExtractor()
  const brought = createDocuments({ ...parts, extractor })
  const stream = pull({ name: NAME, pauseMs: PAUSE_MS, take: brought.take }, parts)
  return {
    async close() {
      await stream.close()
      await extractor.close()
    },
  }
}

/** What one look may take: a commit costs the same for one document as for hundreds. */
const DOCUMENTS_MAX = 1_000
const CHARACTERS_MAX = 16_000_000
const LOOK_MS = 10_000
/** After so many that did not come the vault is likely away: the others need not be asked. */
const UNREAD_MAX = 3
/** Read at the same time; the reader takes one after the other. */
const AT_ONCE = 4

export interface DocumentParts extends BringParts {
  readonly engine: Engine
  readonly database: Database
  readonly journal: LakeJournal
  /** Of one look. */
  readonly documentsMax?: number
}

/** `take` brings what is due, in one commit. */
export function createDocuments(parts: DocumentParts) {
  const { engine, database, journal, documentsMax = DOCUMENTS_MAX } = parts
  let isOpen = false
  let said = ''

  async function open(): Promise<void> {
    if (isOpen) return
    await oweAllTo(database, await nameOfLake(engine))
    if (await isIndexDue(engine)) await rebuildIndex(engine)
    isOpen = true
  }

  async function say(): Promise<void> {
    const { documents } = await readTally(engine)
    const facts = { documents, ...(await readOwedFacts(database)) }
    if (JSON.stringify(facts) === said) return
    said = JSON.stringify(facts)
    journal.stream(NAME, { facts })
  }

  return {
    async take(signal: AbortSignal): Promise<'MORE' | 'CAUGHT_UP'> {
      await open()
      const owed = await readOwed(database, documentsMax)
      if (owed.length === 0) {
        if (said === '') await say()
        return 'CAUGHT_UP'
      }
      const left = await withoutSettled(parts, owed)
      const read = await gather(parts, left, signal)
      await addOnce(engine, read.documents)
      await settleOwed(
        database,
        read.documents.map(({ id }) => id),
      )
      await tidyIndex(engine)
      await say()
      const isMore = owed.length === documentsMax || read.isCut
      return isMore && read.documents.length > 0 ? 'MORE' : 'CAUGHT_UP'
    },
  }
}

/** A lake has a name from its first look on: what was settled with another one is owed to this one. */
async function nameOfLake(engine: Engine): Promise<string> {
  const known = await positionOf(engine, NAME)
  if (known !== undefined) return known
  const fresh = randomUUID()
  await engine.write(NO_ROWS, transaction =>
    movePosition(transaction, NAME, { after: undefined, to: fresh }),
  )
  return fresh
}

/** What the lake has was brought by a process that was killed before it could say so, or by a rival. */
async function withoutSettled(
  { engine, database }: DocumentParts,
  owed: readonly OwedDocument[],
): Promise<OwedDocument[]> {
  for (const { document_id: id, lake_withheld: isWithheld } of owed)
    if (isWithheld) {
      await removeDocument(engine, id)
      await settleWithheld(database, id)
    }
  const wanted = owed.filter(each => !each.lake_withheld)
  const known = await knownOf(
    engine,
    wanted.map(each => each.document_id),
  )
  if (known.size > 0) await settleOwed(database, [...known])
  return wanted.filter(each => !known.has(each.document_id))
}

interface Gathered {
  readonly documents: readonly NewDocument[]
  /** There was more than one look takes. */
  readonly isCut: boolean
}

async function gather(
  parts: DocumentParts,
  owed: readonly OwedDocument[],
  signal: AbortSignal,
): Promise<Gathered> {
  const documents: NewDocument[] = []
  const untilMs = performance.now() + LOOK_MS
  let characters = 0
  let unread = 0
  let next = 0
  const isOver = (): boolean =>
    signal.aborted ||
    characters >= CHARACTERS_MAX ||
    unread >= UNREAD_MAX ||
    performance.now() > untilMs
  async function work(): Promise<void> {
    for (;;) {
      const each = isOver() ? undefined : owed[next++]
      if (!each) return
      const brought = await bring(each, parts)
      if (brought.outcome === 'READ') {
        documents.push(brought.document)
        characters += brought.document.text.length
        unread = 0
      } else {
        await putOff(parts.database, each.document_id, brought.code)
        unread += 1
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const order = new Map(owed.map((each, at) => [each.document_id, at]))
  documents.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0))
  return { documents, isCut: next < owed.length }
}

/** A rival that was quicker has brought the same: the next look finds that out. */
async function addOnce(engine: Engine, documents: readonly NewDocument[]): Promise<void> {
  if (documents.length === 0) return
  try {
    await addDocuments(engine, documents, { known: 'LEAVE' })
  } catch (error) {
    if (isFault(error, 'DOCUMENTS_MOVED'))
      throw new CodedError('POSITION_MOVED', { facts: { stream: NAME }, cause: error })
    throw error
  }
}

/**
 * A person's deletion of one document: it is in no table of the lake as it stands now, and no stream brings it again,
 * whatever is under way. Answers whether the lake had it.
 */
export async function forgetDocument(
  { engine, database }: Pick<DocumentParts, 'engine' | 'database'>,
  documentId: string,
): Promise<boolean> {
  await withhold(database, [documentId])
  return removeDocument(engine, documentId)
}
