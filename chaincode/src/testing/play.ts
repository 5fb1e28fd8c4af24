/** The main job from a confirmed invoice to redemption, on any ledger; throws where a step is refused. */
import { amountFen, operations } from '../model/index.ts'
import type { RecordId } from '../model/index.ts'
import { attestRedemption, collect, finance, mature, settle, share } from './financing.ts'
import {
  ALLIANCE,
  BANK_A,
  CORE,
  HOLDING,
  USERS,
  activeCertificate,
  id,
  inDays,
  moveCalendar,
  must,
  seed,
  split,
} from './story.ts'
import type { Trade } from './story.ts'
import type { Identity, Ledger } from './world.ts'

/** How far the calendar moves to reach maturity, holidays included. */
export const CALENDAR_DAYS = 63

export type Played = { trade: Trade; certificate: RecordId; forTier2: RecordId; forBank: RecordId }

/** Tier 1 offers a child to tier 2, which signs off. */
export const handOn = async (world: Ledger, child: RecordId): Promise<void> => {
  const item = { ...HOLDING, id: child, toMsp: ALLIANCE }
  const terms = world.opening(CORE, 'receivable', child)
  const offered = operations.receivables.offerTransfer({
    seed: seed(),
    items: [{ ...item, terms, to: 'm-tier2', until: inDays(12), reason: 'payment of PO-7' }],
  })
  await must(world.submit(offered, USERS.tier1))
  const transfer = world.opening(CORE, 'transfer', child)
  const signOff = operations.receivables.signOff({
    seed: seed(),
    items: [{ ...item, terms, transfer }],
  })
  await must(world.submit(signOff, USERS.tier2))
}

/** Issued, split in two, one handed to tier 2, one financed by bank A. */
export const playToHolders = async (world: Ledger): Promise<Played> => {
  const { trade, certificate } = await activeCertificate(world)
  const { operation, children } = split(world, certificate, [3_333_333n, 7_966_667n])
  await must(world.submit(operation, USERS.tier1))
  const [forTier2, forBank] = children as [string, string]
  await handOn(world, forTier2)
  await finance(world, forBank)
  return { trade, certificate, forTier2, forBank }
}

/** One bank books a payment of the obligor, puts it on the root and shows it to the holders of the leaves. */
const pay = async (
  world: Ledger,
  { root, leaves }: { root: RecordId; leaves: readonly RecordId[] },
  by: { bank: Identity; amount: bigint },
): Promise<void> => {
  const payment = id('redemption')
  const amount = amountFen(by.amount)
  await must(world.submit(attestRedemption(payment, amount, by.bank.mspId), by.bank))
  await must(world.submit(settle(world, payment, [{ rootId: root, amountFen: amount }]), by.bank))
  for (const leaf of leaves) await must(world.submit(share(world, leaf), by.bank))
}

/** Matured, paid in two parts through two banks of the obligor, collected pro rata. */
export const playToRedemption = async (world: Ledger, played: Played): Promise<void> => {
  const { certificate, forTier2, forBank } = played
  await moveCalendar(world, CALENDAR_DAYS)
  await must(world.submit(mature(world, forTier2, ALLIANCE), USERS.allianceOperator))
  await must(world.submit(mature(world, forBank, BANK_A), USERS.bankAOperator))
  const family = { root: certificate, leaves: [forTier2, forBank] }
  await pay(world, family, { bank: USERS.bankA, amount: 5_000_000n })
  await must(world.submit(collect(world, forTier2, ALLIANCE), USERS.allianceOperator))
  await pay(world, family, { bank: USERS.bankB, amount: 6_300_000n })
  await must(world.submit(collect(world, forTier2, ALLIANCE), USERS.tier2))
  await must(world.submit(collect(world, forBank, BANK_A), USERS.bankA))
}
