import type { Vault } from '@triflow/ipfs'
import type { Directory } from './members/directory.ts'
import type { Engine } from './operations/engine.ts'
import type { Room } from './operations/room.ts'
import type { Config } from './platform/config.ts'
import type { Database } from './platform/database/database.ts'
import type { Caller } from './platform/http/tokens.ts'
import type { Log } from './platform/log.ts'
import type { Metrics } from './platform/metrics.ts'
import type { Queue } from './platform/queue/queue.ts'
import type { Height } from './projection/height.ts'
import type { NetworkView } from './network/policy.ts'
import type { Users } from './users/users.ts'

/** What the slices share: made once in main.ts, passed down, never imported as a global. */
export interface Services {
  readonly config: Config
  readonly database: Database
  readonly engine: Engine
  readonly directory: Directory
  readonly network: NetworkView
  readonly users: Users
  readonly height: Height
  readonly vault: Vault
  readonly queue: Queue
  /** Hex; shared by the consortium: ids of documents and fingerprints of invoices. */
  readonly consortiumKey: string
  /**
   * Held by whoever writes balances of many invoices: a batch of forty would lose every race against a worker
   * that puts payments on one after the other. Waiting is fair, in order.
   */
  readonly balances: Room
  readonly metrics: Metrics
  readonly log: Log
}

/**
 * The member whose objects a caller may see and act on; undefined for the organisation's own staff, who see
 * all that the organisation is a party to.
 */
export function scopeOf(caller: Caller): string | undefined {
  return caller.memberId
}
