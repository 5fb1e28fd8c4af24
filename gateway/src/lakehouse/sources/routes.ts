import { decodeCursor, page } from '../../platform/database/paging.ts'
import { CodedError } from '../../platform/faults.ts'
import type { Handlers } from '../../platform/http/bind.ts'
import { openSecrets } from '../../platform/secrets.ts'
import type { Services } from '../../services.ts'
import { createReading } from '../reading.ts'
import { subjectOf } from './check.ts'
import { grantConsent, listConsents, withdrawConsent } from './consents.ts'
import { deadLetters } from './deadLetters.ts'
import { sourcesView } from './view.ts'

type Names =
  'lake.sources' | 'lake.deadLetters' | 'consents.list' | 'consents.grant' | 'consents.withdraw'

export function sourceHandlers({ database, config }: Services): Handlers<Names> {
  const reading = createReading(config)
  return {
    'lake.sources': async () => ({ items: await sourcesView(database) }),
    'lake.deadLetters': async ({ caller, params, query }) => {
      const [before] = decodeCursor(query.cursor, 1) ?? []
      const isPlain = caller.roles.includes('compliance')
      const asked = { source: params.source, before, limit: query.limit, isPlain }
      const letters = await reading.ask(engine => deadLetters(engine, asked))
      const key = ({ number }: { number: number }) => [String(number)]
      return page(letters, query.limit, { key, item: one => one })
    },
    'consents.list': async ({ query }) => {
      const after = decodeCursor(query.cursor, 2)
      const rows = await listConsents(database, query, { limit: query.limit, after })
      return page(rows, query.limit, {
        key: ({ grantedAt, consentId }) => [grantedAt, consentId],
        item: one => one,
      })
    },
    'consents.grant': async ({ caller, body }) => {
      if (!subjectOf(body))
        throw new CodedError('SUBJECT_INVALID', {
          status: 422,
          detail: 'a credit code whose check character fits, or the reference of a person',
        })
      return grantConsent(database, body, caller.userId)
    },
    'consents.withdraw': async ({ caller, params }) =>
      withdrawConsent(database, openSecrets(config.secretsFile), {
        consentId: params.consentId,
        by: caller.userId,
      }),
  }
}
