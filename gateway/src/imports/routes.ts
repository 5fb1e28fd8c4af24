import { unknownObject } from '../platform/faults.ts'
import { Answer, type Handlers } from '../platform/http/bind.ts'
import { scopeOf, type Services } from '../services.ts'
import { watchEndings } from './endings.ts'
import { importPost } from './post.ts'
import { findImport, listReports, listRows, readReport } from './store.ts'
import { type Importer } from './upload.ts'

type Names = 'imports.upload' | 'imports.list' | 'imports.get' | 'imports.rows'

/** A notification is lost while the listening connection is renewed: then the table is asked. */
const ASK_MS = 1_000

export function importHandlers(services: Services, importer: Importer): Handlers<Names> {
  const { database, engine } = services
  engine.define(importPost(services))
  const endings = watchEndings(database)

  async function report(importId: string, scope: string | undefined, repeated = false) {
    const found = await readReport(database, importId, { scope, repeated })
    if (!found) throw unknownObject('import')
    return found
  }

  return {
    'imports.upload': async call => {
      const taken = await importer.take(call.upload, {
        userId: call.caller.userId,
        memberId: call.caller.memberId,
        fileName: call.query.fileName,
      })
      const body = await report(taken.importId, undefined, taken.repeated)
      return new Answer(taken.repeated ? 200 : 202, body, {
        location: `/v1/imports/${taken.importId}`,
      })
    },
    'imports.list': async ({ caller, query }) =>
      listReports(database, { ...query, scope: scopeOf(caller) }),
    'imports.get': async ({ caller, params, query }) => {
      const deadline = Date.now() + query.waitMs
      for (;;) {
        const left = deadline - Date.now()
        // From before the look at the table, or an end between the two would be missed.
        const ended = endings.next(params.importId, Math.max(0, Math.min(left, ASK_MS)))
        const record = await findImport(database, params.importId)
        if (!record || record.finished_at !== null || left <= 0)
          return report(params.importId, scopeOf(caller))
        await ended
      }
    },
    'imports.rows': async ({ caller, params, query }) => {
      await report(params.importId, scopeOf(caller))
      return listRows(database, params.importId, query)
    },
  }
}
