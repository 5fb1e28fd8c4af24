/** The stream that keeps the feature store: facts into PostgreSQL within seconds, the present values now and then. */
import { pull, type LakeParts, type Stream } from '../stream.ts'
import { createFiller } from './fill.ts'
import { remakePresent } from './present.ts'

const NAME = 'features'
const PAUSE_MS = 5_000
/** Deleted subjects are gone from the copy after so long at the latest. */
const COMPARE_MS = 600_000
/** To remake everybody's values costs seconds; whoever needs those of one member now asks for them. */
const PRESENT_MS = 3_600_000
/** While a new lake is told its history: as soon as what is known has grown by half, the cost stays in proportion. */
const GROWN_MS = 20_000
const GROWN_BY = 1 / 2
/** Even where nothing comes, time goes on and what was of the last month is no more. */
const OLD_MS = 86_400_000

export function startFeatures(parts: LakeParts): Stream {
  const filler = createFiller(parts)
  const { journal } = parts
  let compareDueMs = 0
  let madeAtMs = -Infinity
  let facts = 0
  let isNew = true
  /** Facts that were there when the present was made last, and those that have come since. */
  let known = 0
  let come = 0

  function restMs(): number {
    if (!isNew) return PRESENT_MS + OLD_MS
    return come > known * GROWN_BY ? GROWN_MS : PRESENT_MS
  }

  async function remake(): Promise<void> {
    if (Date.now() < madeAtMs + restMs()) return
    const [there] = await parts.database.query<{ facts: string }>(
      'SELECT count(*) AS facts FROM feature_facts',
    )
    const subjects = await remakePresent(parts, Date.now())
    isNew = false
    known = Number(there?.facts)
    come = 0
    madeAtMs = Date.now()
    journal.stream(NAME, { facts: { facts, subjects, presentAt: new Date().toISOString() } })
  }

  return pull(
    {
      name: NAME,
      pauseMs: PAUSE_MS,
      async take() {
        const filled = await filler.fill()
        facts += filled.facts
        come += filled.facts
        isNew ||= filled.facts > 0
        if (Date.now() >= compareDueMs) {
          const differing = await filler.compare()
          isNew ||= differing.anew.length > 0
          compareDueMs = Date.now() + COMPARE_MS
        }
        await remake()
        return 'CAUGHT_UP'
      },
    },
    parts,
  )
}
