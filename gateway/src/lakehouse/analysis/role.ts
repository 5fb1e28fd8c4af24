/** The lake's own process makes the role that sandboxes read with, as soon as there is a catalogue to be read. */
import { openSecrets } from '../../platform/secrets.ts'
import type { LakeParts, Stream } from '../stream.ts'
import { catalogRole } from './catalogRole.ts'

/** Of the status: as whom queries read the catalogue, and what to do where that may be more than reading. */
const NAME = 'analysts'
const FACTS = {
  READER: { readsAs: 'READER' },
  OWNER: {
    readsAs: 'OWNER',
    advice: "let the database's user make roles (ALTER ROLE ... CREATEROLE), then start again",
  },
} as const

export function startReaderRole({ database, config, journal, log }: LakeParts): Stream {
  const { databaseUrl, secretsFile } = config
  const made = catalogRole(database, { databaseUrl, secrets: openSecrets(secretsFile) }).then(
    ({ isOwner }) => journal.stream(NAME, { facts: FACTS[isOwner ? 'OWNER' : 'READER'] }),
    (error: unknown) => {
      log.warn({ err: error }, 'the role that reads the catalogue of the lake was not made')
      journal.stream(NAME, { fault: (error as Error).message })
    },
  )
  return { close: () => made }
}
