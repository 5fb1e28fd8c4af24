/** What was paid on a root so far, believed only where a bank of its obligor holds it too. */
import { refuse } from '../model/index.ts'
import type { MemberId, MspId, Opening, RecordId, SettlementTerms } from '../model/index.ts'
import { distinct } from './transaction.ts'
import type { Transaction } from './transaction.ts'

type Root = { root: RecordId; obligorMsp: MspId; obligor: MemberId }

export const settlementBanks = async (tx: Transaction, obligor: MemberId): Promise<MspId[]> =>
  (await tx.state('member', obligor)).settlementMsps ?? []

/**
 * Opens the settlement of a root, or makes sure that there is none. The obligor writes into its own
 * collection alone, so what it claims or hides by itself was never settled: a claim must be held by a bank
 * it has named, and absence must be absence at all of these banks.
 */
export const openSettlement = async (
  tx: Transaction,
  { root, obligorMsp, obligor }: Root,
  opening: Opening | undefined,
): Promise<SettlementTerms | undefined> => {
  const banks = await settlementBanks(tx, obligor)
  const copies = opening && tx.peek('settlement', root, opening).copies
  if (copies && !copies.some(mspId => banks.includes(mspId)))
    refuse('RECORD_NOT_AUTHENTIC', { kind: 'settlement', id: root })
  return tx.openIfAny('settlement', root, distinct([obligorMsp, ...(copies ?? banks)]), opening)
}
