/** All streams besides the ledger. Each is started when the lake is open, and stands or moves for itself. */
import { startEvents } from './events/follow.ts'
import { startLedgerBehaviour } from './sources/behaviour/stream.ts'
import { startPulling } from './sources/start.ts'
import { startPrivacy } from './privacy/stream.ts'
import { startFeatures } from './features/stream.ts'
import { startReaderRole } from './analysis/role.ts'
import { startDocuments } from './documents/stream.ts'
import type { LakeParts, Stream } from './stream.ts'

/** Answers nothing where the configuration does not ask for the stream. */
type Start = (parts: LakeParts) => Stream | undefined

const STREAMS: readonly Start[] = [
  startReaderRole,
  startPulling,
  startLedgerBehaviour,
  startDocuments,
  startEvents,
  startFeatures,
  startPrivacy,
]

export function startStreams(parts: LakeParts): Stream {
  const started = STREAMS.map(start => start(parts))
  return {
    async close() {
      await Promise.all(started.map(stream => stream?.close()))
    },
  }
}
