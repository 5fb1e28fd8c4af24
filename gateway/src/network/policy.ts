import { setTimeout as delay } from 'node:timers/promises'
import type { PolicyProposal, PolicyState } from '@triflow/chaincode/model'
import type { Database } from '../platform/database/database.ts'
import { CodedError } from '../platform/faults.ts'
import { findRecord, type Stored } from '../projection/records.ts'

export interface NetworkView {
  policy(): Promise<Stored<PolicyState> | undefined>
  needPolicy(): Promise<Stored<PolicyState>>
  proposal(): Promise<Stored<PolicyProposal> | undefined>
  /** The day of business in China Standard Time, moved by the pilot's calendar. */
  businessDay(): Promise<string>
  /**
   * Two organisations that endorse what is public: the own one where it is a guardian, and another.
   * Waits a little for a policy that is not there yet.
   */
  endorsers(attempt: number): Promise<string[]>
}

/** Another organisation may just have set the policy up: its block comes to this read model some moments later. */
const POLICY_WAIT_MS = 3_000
const POLICY_POLL_MS = 50

const DAY_MS = 24 * 3600 * 1000
const CHINA_OFFSET_MS = 8 * 3600 * 1000

export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

export function createNetworkView(database: Database, ownMsp: string): NetworkView {
  const policy = async () =>
    (await findRecord<Stored<PolicyState>>(database, 'policy', ''))?.open ?? undefined
  const needPolicy = async () => {
    const found = await policy()
    if (!found)
      throw new CodedError('POLICY_MISSING', { detail: 'set the network’s policy up first' })
    return found
  }
  const awaitPolicy = async () => {
    const deadline = Date.now() + POLICY_WAIT_MS
    while (Date.now() < deadline && !(await policy())) await delay(POLICY_POLL_MS)
    return needPolicy()
  }
  return {
    policy,
    needPolicy,
    async proposal() {
      return (await findRecord<Stored<PolicyProposal>>(database, 'proposal', ''))?.open ?? undefined
    },
    async businessDay() {
      const offset = (await policy())?.calendarOffsetDays ?? 0
      const today = new Date(Date.now() + CHINA_OFFSET_MS).toISOString().slice(0, 10)
      return dayAfter(today, offset)
    },
    async endorsers(attempt) {
      const { guardians } = await awaitPolicy()
      const others = guardians.filter(msp => msp !== ownMsp)
      // Another second endorser at each attempt: one organisation may be down.
      const turned = others.map((_, i) => others[(i + attempt - 1) % others.length] as string)
      return [...(guardians.includes(ownMsp) ? [ownMsp] : []), ...turned].slice(0, 2)
    },
  }
}
