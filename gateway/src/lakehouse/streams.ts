/** All streams besides the ledger. Each is started when the lake is open, and stands or moves for itself. */
import { startDocuments } from './documents/stream.ts'
import type { LakeParts, Stream } from './stream.ts'

/** Answers nothing where the configuration does not ask for the stream. */
type Start = (parts: LakeParts) => Stream | undefined

const STREAMS: readonly Start[] = [startDocuments]

export function startStreams(parts: LakeParts): Stream {
  const started = STREAMS.map(start => start(parts))
  return {
    async close() {
      await Promise.all(started.map(stream => stream?.close()))
    },
  }
}
