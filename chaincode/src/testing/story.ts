/** The arrangement of most tests: a network, a trade, and a certificate over its invoice. */
import { amountFen, operations } from '../model/index.ts'
import type { AmountFen, LocalDate, Operation, RecordId } from '../model/index.ts'
import { commitment, id, inDays, must, seed } from './network.ts'
import { ALLIANCE, CORE, USERS } from './people.ts'
import { confirmedTrade } from './trade.ts'
import type { Trade } from './trade.ts'
import type { Ledger } from './world.ts'

export * from './people.ts'
export * from './network.ts'
export * from './trade.ts'

export const HOLDING = { obligorMsp: CORE, holderMsp: ALLIANCE }
export const FACE = amountFen(11_300_000n)
export const due = (): LocalDate => inDays(60)

export const proposal = (
  world: Ledger,
  trade: Trade,
  certificate: RecordId,
  change: {
    amountFen?: AmountFen
    dueOn?: LocalDate
    offerUntil?: LocalDate
    holder?: string
  } = {},
): Operation =>
  operations.receivables.propose({
    seed: seed(),
    items: [
      {
        ...HOLDING,
        id: certificate,
        terms: {
          holder: change.holder ?? 'm-tier1',
          dueOn: change.dueOn ?? due(),
          offerUntil: change.offerUntil ?? inDays(12),
          uses: [{ invoiceId: trade.invoice, amountFen: change.amountFen ?? FACE }],
        },
        balances: [world.opening(CORE, 'balance', trade.invoice)],
      },
    ],
  })
export const offer = (world: Ledger, certificate: RecordId): Operation =>
  operations.receivables.offer({
    items: [
      { ...HOLDING, id: certificate, commitment: commitment(world, 'receivable', certificate) },
    ],
  })
export const termsItem = (
  world: Ledger,
  trade: Trade,
  certificate: RecordId,
): operations.receivables.TermsItem => ({
  ...HOLDING,
  id: certificate,
  terms: world.opening(CORE, 'receivable', certificate),
  balances: [world.opening(CORE, 'balance', trade.invoice)],
})

/** An ACTIVE certificate over the whole invoice, held by tier 1. */
export const activeCertificate = async (
  world: Ledger,
): Promise<{ trade: Trade; certificate: RecordId }> => {
  const trade = await confirmedTrade(world)
  const certificate = id('certificate')
  await must(world.submit(proposal(world, trade, certificate), USERS.coreMaker))
  await must(world.submit(offer(world, certificate), USERS.coreChecker))
  await must(
    world.submit(
      operations.receivables.accept({
        seed: seed(),
        items: [termsItem(world, trade, certificate)],
      }),
      USERS.tier1,
    ),
  )
  return { trade, certificate }
}

export const split = (
  world: Ledger,
  certificate: RecordId,
  faces: readonly bigint[],
  holderMsp = ALLIANCE,
): { operation: Operation; children: RecordId[] } => {
  const children = faces.map(() => id('child'))
  const operation = operations.receivables.split({
    obligorMsp: CORE,
    holderMsp,
    id: certificate,
    seed: seed(),
    terms: world.opening(CORE, 'receivable', certificate),
    children: children.map((child, index) => ({
      id: child,
      faceFen: amountFen(faces[index] as bigint),
    })),
  })
  return { operation, children }
}
