import { STREAMED, type Handlers } from '../../platform/http/bind.ts'
import type { Analysts } from './analysts.ts'
import type { analysisRoutes } from './api.ts'
import { FILE_ENDINGS } from './formats.ts'

type Names = keyof typeof analysisRoutes

/** An answer is nobody's but the caller's: what may not be changed inside may be written out. */
type Open<T> = T extends readonly (infer E)[]
  ? Open<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Open<T[K]> }
    : T
const open = <T>(answer: T): Open<T> => answer as Open<T>

export function analysisHandlers(analysts: Analysts): Handlers<Names> {
  const { saved, exports } = analysts
  return {
    'lakeTables.list': async ({ caller }) => open(await analysts.tables(caller)),
    'lakeColumns.lineage': async ({ caller, params }) =>
      open(await analysts.lineage(caller, params)),
    'lakeQueries.run': async ({ caller, body }) => open(await analysts.run(caller, body)),
    'lakeQueries.check': async ({ caller, body }) => open(await analysts.check(caller, body)),
    'lakeQueries.list': async ({ query }) => analysts.log.list(query),
    'lakeSaved.create': async ({ caller, body }) => saved.create(caller, body),
    'lakeSaved.list': async ({ caller }) => ({ items: [...(await saved.list(caller))] }),
    'lakeSaved.get': async ({ caller, params }) => saved.get(caller, params.savedId),
    'lakeSaved.revise': async ({ caller, params, body }) =>
      saved.revise(caller, params.savedId, body),
    'lakeSaved.remove': async ({ caller, params }) => {
      await saved.remove(caller, params.savedId)
      return { removed: true }
    },
    'lakeSaved.run': async ({ caller, params, body }) =>
      open(await saved.run(caller, params.savedId, body)),
    'lakeExports.create': async ({ caller, body }) => exports.create(caller, body),
    'lakeExports.list': async ({ caller }) => ({ items: [...(await exports.list(caller))] }),
    'lakeExports.file': async ({ caller, params, response }) => {
      const { release, content } = await exports.file(caller, params.exportId)
      const name = `${release.exportId}.${FILE_ENDINGS[release.format]}`
      response.setHeader('content-type', 'application/octet-stream')
      response.setHeader('content-disposition', `attachment; filename="${name}"`)
      response.setHeader('cache-control', 'no-store')
      response.end(content)
      return STREAMED
    },
  }
}
