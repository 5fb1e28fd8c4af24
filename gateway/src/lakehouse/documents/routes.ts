import { CodedError } from '../../platform/faults.ts'
import type { Handlers } from '../../platform/http/bind.ts'
import { scopeOf, type Services } from '../../services.ts'
import type { LakeDocuments } from './api.ts'
import { createDesk } from './desk.ts'
import type { Hit } from './search.ts'

export function lakeDocumentHandlers({ config, log }: Services): Handlers<'lake.documents'> {
  const { lake } = config
  const desk = lake && createDesk({ catalogUrl: config.databaseUrl, settings: lake, log })
  return {
    'lake.documents': async ({ caller, query }): Promise<LakeDocuments> => {
      if (!desk) throw new CodedError('LAKE_ABSENT', { status: 404 })
      const { q, kind, from, to, limit, offset } = query
      const { total, hits } = await desk.search(q, {
        limit,
        offset,
        ...(kind === undefined ? {} : { kind }),
        ...membersOf(scopeOf(caller), query.memberId),
        ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
        ...(to === undefined ? {} : { toMs: Date.parse(to) }),
      })
      return { total, hits: hits.map(view) }
    },
  }
}

/** Who acts for a member finds what is that member's; asked for another's, nothing. */
function membersOf(scope: string | undefined, asked: string | undefined) {
  if (scope === undefined) return asked === undefined ? {} : { members: [asked] }
  return { members: asked === undefined || asked === scope ? [scope] : [] }
}

const view = ({ id, name, member, atMs, snippet, ...known }: Hit) => ({
  documentId: id,
  fileName: name,
  ...(member === undefined ? {} : { memberId: member }),
  createdAt: new Date(atMs).toISOString(),
  snippet: {
    text: snippet.text,
    marks: snippet.marks.map(([from, to]): [number, number] => [from, to]),
  },
  cid: known.cid,
  kind: known.kind,
  score: known.score,
  link: `/v1/documents/${encodeURIComponent(id)}`,
})
