/** A stream besides the ledger: something that brings rows into the lake by itself, for ever. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Vault } from '@triflow/ipfs'
import { isFault } from '../platform/faults.ts'
import type { Config } from '../platform/config.ts'
import type { Database } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import type { Engine } from './engine.ts'
import type { LakeJournal } from './journal.ts'

/** What a stream is given when the lake is open. */
export interface LakeParts {
  readonly engine: Engine
  /** The organisation's own: the gateway's tables, never the catalogue of the lake. */
  readonly database: Database
  readonly config: Config
  readonly settings: NonNullable<Config['lake']>
  readonly journal: LakeJournal
  readonly vault: Vault
  readonly log: Log
}

export interface Stream {
  /** Waits for what is under way. */
  close(): Promise<void>
}

export interface Pulling {
  /** Of the status; also the name of its position in the lake. */
  readonly name: string
  /** Between two attempts when nothing more was there, and after one that failed. */
  readonly pauseMs: number
  /** Brings what has come behind the position, in one transaction; whether more is there. */
  take(signal: AbortSignal): Promise<'MORE' | 'CAUGHT_UP'>
}

/** Pulls until it is closed. Why nothing moves stands in the journal; what a rival has brought is no fault. */
export function pull({ name, pauseMs, take }: Pulling, { journal, log }: LakeParts): Stream {
  const stop = new AbortController()
  let fault: string | undefined

  async function attempt(): Promise<'MORE' | 'CAUGHT_UP'> {
    try {
      const outcome = await take(stop.signal)
      fault = undefined
      journal.stream(name, {})
      return outcome
    } catch (error) {
      if (stop.signal.aborted || isFault(error, 'POSITION_MOVED')) return 'CAUGHT_UP'
      const said = (error as Error).message
      // The same line at every attempt would say nothing new.
      if (said !== fault)
        log.warn({ err: error, stream: name }, 'a stream of the lake stands still')
      fault = said
      journal.stream(name, { fault: said })
      return 'CAUGHT_UP'
    }
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      if ((await attempt()) === 'MORE') continue
      await delay(pauseMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
    }
  }

  const work = follow()
  return {
    async close() {
      stop.abort()
      await work
    },
  }
}
