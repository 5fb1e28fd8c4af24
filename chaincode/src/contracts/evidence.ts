/** Bank evidence: an attested statement entry, and how much of it is used already. */
import { amountFen, refuse } from '../model/index.ts'
import type { AmountFen, Opening, Payment, RecordId } from '../model/index.ts'
import { distinct } from './transaction.ts'
import type { Transaction } from './transaction.ts'

export type OpenedPayment = {
  payment: Payment
  /** Takes so much of the entry; more than is left is refused. */
  use: (amount: AmountFen) => void
}

/**
 * Opens an entry. The bank's own collection must hold it (nobody can write there without the bank), and so
 * must the payer's and the payee's. Only an organisation that the policy names as a bank can attest.
 */
export const openPayment = async (
  tx: Transaction,
  id: RecordId,
  secret: { payment: Opening; usage?: Opening },
): Promise<OpenedPayment> => {
  const claimed = tx.peek('payment', id, secret.payment)
  const { banks } = await tx.policyState()
  if (!banks.includes(claimed.bankMsp)) refuse('ATTESTOR_REFUSED')
  const parties = distinct([claimed.bankMsp, claimed.payerMsp, claimed.payeeMsp])
  const payment = await tx.open('payment', id, parties, secret.payment)
  const holders = distinct([payment.payerMsp, payment.payeeMsp ?? payment.bankMsp])
  const usage = await tx.openIfAny('usage', id, holders, secret.usage)
  const use = (amount: AmountFen): void => {
    const used = (usage?.usedFen ?? 0n) + amount
    if (used > payment.amountFen) refuse('ALLOCATION_EXCEEDS_PAYMENT')
    tx.putPrivate('usage', id, holders, { usedFen: amountFen(used) })
  }
  return { payment, use }
}
