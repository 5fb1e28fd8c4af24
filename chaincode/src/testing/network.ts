/** The network that every story plays in: its day, ids, policy, members and calendar. */
import { createHash } from 'node:crypto'
import {
  DEFAULT_POLICY,
  addDays,
  commitmentOf,
  consortiumKeyHash,
  creditCodeCheck,
  localDate,
  operations,
} from '../model/index.ts'
import type { LocalDate, RecordId } from '../model/index.ts'
import { ALLIANCE, BANK_A, BANK_B, CORE, GUARDIANS, REGULATOR, USERS } from './people.ts'
import { World } from './world.ts'
import type { Answer, Identity, Ledger } from './world.ts'

export const CONSORTIUM_KEY = '5a'.repeat(32)
/**
 * The day on which every story plays: always the same in memory, and the ledger's own day on a real one,
 * whose suite calls `playOn` before and after.
 */
export const STORY_DAY = localDate('2026-05-29')
let day = STORY_DAY
export const playOn = (other: LocalDate): void => {
  day = other
}
export const today = (): LocalDate => day
export const inDays = (days: number): LocalDate => addDays(day, days)
export const TAX_ID = `91310000MA1FL8L97${creditCodeCheck('91310000MA1FL8L97')}`

let counter = 0
export const id = (label: string): RecordId =>
  createHash('sha256')
    .update(`${label}${(counter += 1)}`)
    .digest('hex')
    .slice(0, 32)
export const seed = (): string =>
  createHash('sha256')
    .update(`seed${(counter += 1)}`)
    .digest('hex')

export const commitment = (
  world: Ledger,
  kind: 'balance' | 'receivable',
  record: RecordId,
): string => commitmentOf(world.opening(CORE, kind, record))

/** Throws unless the operation committed. */
export const must = async (answer: Promise<Answer>): Promise<string> => {
  const result = await answer
  if (!result.ok) throw new Error(`refused: ${result.code} ${JSON.stringify(result.fault ?? {})}`)
  return result.payload
}

export const openWorld = async (settlementMsps?: string[]): Promise<World> => {
  const world = new World([...GUARDIANS, REGULATOR], GUARDIANS)
  await bringUp(world, settlementMsps)
  return world
}

/** The policy and the members, through operations as a network's first day has them. */
export const bringUp = async (
  world: Ledger,
  settlementMsps: string[] = [BANK_A, BANK_B],
): Promise<void> => {
  await must(
    world.submit(
      operations.members.setUp({
        guardians: GUARDIANS,
        banks: [BANK_A, BANK_B],
        regulators: [REGULATOR],
        carriers: ['LogisticsMSP'],
        calendarOffsetDays: 0,
        policy: {
          version: 1,
          effectiveFrom: localDate('2020-01-01'),
          parameters: { ...DEFAULT_POLICY, fingerprintKeyHash: consortiumKeyHash(CONSORTIUM_KEY) },
        },
      }),
      USERS.coreOperator,
    ),
  )
  const register = (
    by: Identity,
    endorsers: string[],
    members: operations.members.NewMember[],
  ): Promise<string> => must(world.submit(operations.members.register({ members, endorsers }), by))
  await register(
    USERS.coreOperator,
    [CORE, BANK_A],
    [{ memberId: 'm-core', kind: 'OBLIGOR', settlementMsps }],
  )
  await register(
    USERS.allianceOperator,
    [ALLIANCE, CORE],
    [
      { memberId: 'm-tier1', kind: 'SUPPLIER' },
      { memberId: 'm-tier2', kind: 'SUPPLIER' },
    ],
  )
  await register(USERS.bankAOperator, [BANK_A, CORE], [{ memberId: 'm-banka1', kind: 'FUNDER' }])
  await register(USERS.bankBOperator, [BANK_B, CORE], [{ memberId: 'm-bankb1', kind: 'FUNDER' }])
  await register(
    USERS.regulatorOperator,
    [BANK_B, CORE],
    [{ memberId: 'm-regul', kind: 'REGULATOR' }],
  )
}

/** Moves the network's calendar forward as two persons and a majority would. */
export const moveCalendar = async (world: Ledger, days: number): Promise<void> => {
  const calendarOffsetDays = world.state('policy', '').calendarOffsetDays + days
  const endorsers = [CORE, ALLIANCE, BANK_A]
  const change = { change: { calendarOffsetDays }, endorsers }
  await must(world.submit(operations.members.proposePolicy(change), USERS.coreOperator))
  await must(world.submit(operations.members.adoptPolicy(change), USERS.allianceOperator))
}
