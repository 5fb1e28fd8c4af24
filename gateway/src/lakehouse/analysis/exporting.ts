/** Exports, asked: judged against everything that was released before, and kept word for word. */
import type { Config } from '../../platform/config.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Caller } from '../../platform/http/tokens.ts'
import { callOf, questionOf, type Ask, type Asking } from './asking.ts'
import { audienceOf, exportRows } from './export.ts'
import type { ExportFormat } from './formats.ts'
import type { QueryLog } from './queryLog.ts'
import { readerOf } from './reader.ts'
import { createReleaseStore, type Release } from './releaseStore.ts'

export interface ExportAsking extends Asking {
  readonly format: ExportFormat
  readonly purpose: string
}

export interface ExportActions {
  /** @param route of the audit line, where no request over HTTP has one of its own. */
  create(caller: Caller, asking: ExportAsking, route?: string): Promise<Release>
  list(caller: Caller): Promise<readonly Release[]>
  file(caller: Caller, exportId: string): Promise<{ release: Release; content: Buffer }>
}

export interface ExportParts {
  readonly database: Database
  readonly config: Pick<Config, 'kind' | 'mspId'>
  readonly log: QueryLog
  readonly ask: Ask
}

export function exportActions({ database, config, log, ask }: ExportParts): ExportActions {
  const store = createReleaseStore(database)
  const audience = (caller: Caller): string => audienceOf(readerOf(config, caller))
  return {
    create: (caller, asking, route) =>
      ask(callOf(caller, asking, { kind: 'EXPORT', ...(route ? { route } : {}) }), async asker => {
        const { analysis, reader, version, told } = asker
        const { sql, values, format, purpose } = asking
        const request = { caller, purpose, sql, parameters: values, snapshot: version, format }
        const { exportId, book } = store.bookFor(request)
        const question = questionOf(asking, version)
        const { rows } = await exportRows({ analysis, book }, reader, question)
        told.rows = rows.length
        return store.get(audienceOf(reader), exportId)
      }),
    list: async caller => store.list(audience(caller)),
    async file(caller, exportId) {
      const release = await store.get(audience(caller), exportId)
      const asked = {
        kind: 'EXPORT',
        route: 'lakeExports.file',
        sql: release.sql,
        parameters: {},
        subjectId: exportId,
      } as const
      const content = await log.noting(caller, asked, () =>
        store.content(audience(caller), exportId),
      )
      return { release, content }
    },
  }
}
