/** Saved queries, asked: tried out before they are kept, and run over the rows of whoever runs them. */
import type { Database } from '../../platform/database/database.ts'
import type { Caller } from '../../platform/http/tokens.ts'
import { answerOf, type Ask } from './asking.ts'
import type { Moment } from './desk.ts'
import { boundValues, checkSavedQuery, parseSavedQuery, type ParameterValues } from './saved.ts'
import { createSavedStore, type Change, type Saved, type SavedStore } from './savedStore.ts'

export interface SavedActions extends Pick<SavedStore, 'list' | 'get' | 'remove'> {
  create(caller: Caller, change: Change): Promise<Saved>
  revise(caller: Caller, savedId: string, change: Change): Promise<Saved>
  run(caller: Caller, savedId: string, asking: SavedAsking): Promise<SavedAnswer>
}

export interface SavedAsking extends Moment {
  readonly values: ParameterValues
}

export type SavedAnswer = ReturnType<typeof answerOf> & {
  readonly version: number
  readonly chart?: Saved['query']['chart']
}

export function savedActions(database: Database, ask: Ask): SavedActions {
  const store = createSavedStore(database)

  async function tried(caller: Caller, { query, shared }: Change): Promise<Change> {
    const parsed = parseSavedQuery(query)
    const asked = { kind: 'CHECK', sql: parsed.sql, parameters: {} } as const
    await ask({ caller, asked }, ({ analysis, reader }) =>
      checkSavedQuery(analysis, reader, parsed),
    )
    return { query: parsed, shared }
  }

  return {
    list: store.list,
    get: store.get,
    remove: store.remove,
    create: async (caller, change) => store.create(caller, await tried(caller, change)),
    async revise(caller, savedId, change) {
      // Who may not is refused before anything is run.
      await store.own(caller, savedId)
      return store.revise(caller, savedId, await tried(caller, change))
    },
    async run(caller, savedId, { values, ...moment }) {
      const { version, query } = await store.get(caller, savedId)
      const { sql, chart } = query
      const asked = {
        kind: 'SAVED',
        route: 'lakeSaved.run',
        sql,
        parameters: values,
        subjectId: savedId,
      } as const
      return ask({ caller, asked, moment }, async asker => {
        const at = asker.version === undefined ? {} : { version: asker.version }
        const question = { sql, values: boundValues(query, values), ...at }
        const answer = answerOf(await asker.analysis.runQuery(asker.reader, question), asker)
        return { ...answer, version, ...(chart ? { chart } : {}) }
      })
    },
  }
}
