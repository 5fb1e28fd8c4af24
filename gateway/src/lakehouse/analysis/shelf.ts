/**
 * The sandboxes that are open: one per reader and version, the one that was not asked for longest
 * makes place.
 */
import { refusal } from './check.ts'
import { readerKey } from './masks.ts'
import type { Reader, RolePolicy } from './policy.ts'
import type { AnalysisOptions } from './query.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'
import { viewsFor } from './views.ts'

export interface Opened {
  readonly sandbox: Sandbox
  readonly tables: ReadonlySet<string>
}

export interface Shelf {
  /** The sandbox stays open for as long as the work takes, whoever else comes. */
  using<T>(place: Place, work: (opened: Opened) => Promise<T>): Promise<T>
  close(): void
}

export interface Place {
  readonly reader: Reader
  readonly version: number | undefined
}

interface Shelved extends Opened {
  users: number
  /** Closes it when nobody has asked for so long. */
  idle?: NodeJS.Timeout
}

const SANDBOXES_MAX = 4
/** An open sandbox holds its memory; the next question waits about a second for another one. */
const IDLE_MS = 300_000
/** Open at once at the most, with those that make place as soon as their work is done. */
const CROWD = 2

export function createShelf(options: AnalysisOptions): Shelf {
  const shelved = new Map<string, Shelved>()
  const leaving = new Set<Shelved>()
  const max = options.sandboxesMax ?? SANDBOXES_MAX
  const idleMs = options.idleMs ?? IDLE_MS

  function take({ reader, version }: Place): Shelved {
    checkVersion(options.policy[reader.role], version)
    const name = JSON.stringify([reader.role, reader.mspId, reader.memberId ?? '', version ?? ''])
    const known = shelved.get(name)
    if (!known && shelved.size + leaving.size >= CROWD * max)
      throw refusal('QUERY_BUSY', 'too many readers at once', 429)
    const found = known ?? { ...openSandbox(options, { reader, version }), users: 0 }
    // The order of the map is the order of use.
    shelved.delete(name)
    shelved.set(name, found)
    found.users++
    clearTimeout(found.idle)
    if (shelved.size > max) makePlace()
    return found
  }

  function makePlace(): void {
    const [oldest] = shelved.values()
    if (oldest) leave(oldest)
  }

  function leave(one: Shelved): void {
    for (const [name, each] of shelved) if (each === one) shelved.delete(name)
    leaving.add(one)
    closeIfIdle(one)
  }

  function closeIfIdle(one: Shelved): void {
    if (!leaving.has(one) || one.users > 0) return
    leaving.delete(one)
    clearTimeout(one.idle)
    one.sandbox.close()
  }

  return {
    async using(place, work) {
      const taken = take(place)
      try {
        return await work(taken)
      } finally {
        taken.users--
        taken.idle = setTimeout(() => leave(taken), idleMs).unref()
        closeIfIdle(taken)
      }
    },
    close() {
      for (const { sandbox, idle } of [...shelved.values(), ...leaving]) {
        clearTimeout(idle)
        sandbox.close()
      }
      shelved.clear()
      leaving.clear()
    },
  }
}

function checkVersion(policy: RolePolicy, version: number | undefined): void {
  if (version === undefined) return
  if (!policy.isTimeTraveller) throw refusal('QUERY_AT', 'the role sees the lake as it is', 403)
  if (!Number.isSafeInteger(version) || version < 0)
    throw refusal('QUERY_AT', 'a version is a number')
}

function openSandbox(options: AnalysisOptions, { reader, version }: Place): Opened {
  const { lake, catalogue } = options
  const policy = options.policy[reader.role]
  const key = readerKey(options.secret, JSON.stringify([reader.role, reader.memberId ?? '']))
  const views = viewsFor({ catalogue, policy, reader, key, lake: lake.catalogue })
  const { memoryMb, threads } = policy.limits
  const sandbox = createSandbox({
    attach: lake.attach(version),
    views: views.sql,
    hidesRows: views.hidesRows,
    folders: lake.folders,
    secrets: lake.secrets,
    memoryMb,
    threads,
  })
  return { sandbox, tables: views.tables }
}
