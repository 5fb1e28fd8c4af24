/** What documents are filtered by, kept in memory by number: it never changes, and a question asks it of thousands. */
import type { LakeReader } from '../engine.ts'
import { DOCUMENTS } from './store.ts'

export interface Filters {
  readonly kind?: string
  /** Documents of these members alone; who may see what is the caller's business. */
  readonly members?: readonly string[]
  /** From this instant, in milliseconds since 1970. */
  readonly fromMs?: number
  /** Before this instant. */
  readonly toMs?: number
}

export interface Marks {
  /** Reads what has come up to the number of the next document. */
  reach(reader: LakeReader, next: number): Promise<void>
  /** Answers which documents the filters let through. */
  passing(filters: Filters): (document: number) => boolean
}

/** Room for a tenth more than there are now, so that each new document is not a new array. */
const GROWTH = 1.1

export function createMarks(): Marks {
  const names = new Map<string, number>()
  let known = 0
  let kinds = new Uint32Array(0)
  let members = new Uint32Array(0)
  let atMs = new Float64Array(0)

  const codeOf = (name: string): number => {
    const code = names.get(name) ?? names.size + 1
    names.set(name, code)
    return code
  }

  function makeRoom(next: number): void {
    if (next <= atMs.length) return
    const room = Math.ceil(next * GROWTH)
    kinds = grown(kinds, new Uint32Array(room))
    members = grown(members, new Uint32Array(room))
    atMs = grown(atMs, new Float64Array(room))
  }

  return {
    async reach(reader, next) {
      if (next <= known) return
      const rows = await reader.query<Row>(
        `SELECT number, kind, member, epoch_ms("at")::DOUBLE AS "atMs" FROM ${DOCUMENTS}
         WHERE number >= ${known} AND number < ${next}`,
      )
      makeRoom(next)
      for (const { number, kind, member, atMs: at } of rows) {
        kinds[Number(number)] = codeOf(`k${kind}`)
        members[Number(number)] = member === null ? 0 : codeOf(`m${member}`)
        atMs[Number(number)] = at
      }
      known = Math.max(known, next)
    },
    passing({ kind, members: asked, fromMs = -Infinity, toMs = Infinity }) {
      const ofKind = kind === undefined ? undefined : (names.get(`k${kind}`) ?? -1)
      const ofMembers = asked && new Set(asked.map(name => names.get(`m${name}`) ?? -1))
      return document => {
        const at = atMs[document] ?? NaN
        if (!(at >= fromMs && at < toMs)) return false
        if (ofKind !== undefined && kinds[document] !== ofKind) return false
        return ofMembers === undefined || ofMembers.has(members[document] ?? 0)
      }
    },
  }
}

interface Row extends Record<string, unknown> {
  readonly number: string
  readonly kind: string
  readonly member: string | null
  readonly atMs: number
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
