/**
 * The lake of one organisation: every block with its own private values, and what is made of them.
 *
 * Bronze keeps what arrived, silver has it in columns, gold as it stands now. A block is in all three in one
 * transaction: it is there once or not at all. The engine is DuckDB, the tables are a DuckLake; other engines read the
 * same Parquet files.
 *
 * May import: `platform/`, of `projection/` the gathering of blocks. Nothing else of the gateway imports the engine
 * but by loading it when the role is played: it is native and large.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Vault } from '@triflow/ipfs'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database/database.ts'
import type { Ledger } from '../platform/ledger/ledger.ts'
import type { Log } from '../platform/log.ts'
import { openEngine, type Engine } from './engine.ts'
import { followLedger, type Follower } from './ledger/follow.ts'
import { keepUp } from './history.ts'
import { createJournal, type LakeJournal } from './journal.ts'
import { redactionsIn } from './privacy/marker.ts'
import type { Stream } from './stream.ts'
import { startStreams } from './streams.ts'

export interface Lake {
  close(): Promise<void>
}

const AGAIN_MS = 2_000
const UPKEEP_MS = 600_000

export interface LakeOptions {
  readonly config: Config
  readonly settings: NonNullable<Config['lake']>
  readonly database: Database
  readonly ledger: Ledger
  readonly vault: Vault
  readonly log: Log
}

/** Comes up by itself as soon as catalogue and files can be reached; the gateway does not wait for it. */
export function startLake(options: LakeOptions): Lake {
  const { config, settings, log } = options
  const stop = new AbortController()
  const journal = createJournal(options.database, error =>
    log.error({ err: error }, 'the journal of the lake was not written'),
  )
  let engine: Engine | undefined
  let follower: Follower | undefined
  let streams: Stream | undefined

  async function open(): Promise<void> {
    let fault = ''
    while (!stop.signal.aborted) {
      try {
        engine = await openEngine({ catalogUrl: config.databaseUrl, ...settings })
        if (stop.signal.aborted) return
        follower = follow(engine)
        const { database, vault } = options
        streams = startStreams({ engine, database, config, settings, journal, vault, log })
        return
      } catch (error) {
        const said = (error as Error).message
        // The same line every two seconds would say nothing new.
        if (said !== fault) log.warn({ err: error }, 'the lake cannot be opened')
        fault = said
        journal.fault(said)
        await delay(AGAIN_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
      }
    }
  }

  const follow = (opened: Engine): Follower =>
    followLedger({
      engine: opened,
      ledger: options.ledger,
      ownMsp: config.mspId,
      log,
      onFault: journal.fault,
      redactions: redactionsIn(options.database),
      between: createUpkeep(opened, settings.keepDays, { journal, log }),
    })

  const opening = open()
  return {
    async close() {
      stop.abort()
      await opening
      await Promise.all([follower?.close(), streams?.close()])
      await journal.settled()
      engine?.close()
    },
  }
}

/** Now and then, between two transactions: files in order, history in bounds. What fails is tried when next due. */
function createUpkeep(
  engine: Engine,
  keepDays: number,
  { journal, log }: { journal: LakeJournal; log: Log },
): () => Promise<void> {
  // Not of the clock on the wall: one that is set back would put the upkeep off.
  let dueMs = performance.now() + UPKEEP_MS
  return async () => {
    if (performance.now() < dueMs) return
    dueMs = performance.now() + UPKEEP_MS
    try {
      journal.upkeep(await keepUp(engine, keepDays))
      journal.stream('upkeep', {})
    } catch (error) {
      log.warn({ err: error }, 'the upkeep of the lake failed')
      journal.stream('upkeep', { fault: (error as Error).message })
    }
  }
}
