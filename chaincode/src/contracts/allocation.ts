/** Attested payments on the invoices they pay: the funds flow of the reconciliation. */
import {
  SHORT_PAY_REASONS,
  amountFen,
  isDischarged,
  moveTo,
  paid,
  paidShort,
  refuse,
} from '../model/index.ts'
import type { AmountFen, Balance, MspId, RuleSet, ShortPayReason } from '../model/index.ts'
import { list, object, oneOf, opening, optional, positiveAmount, recordId } from '../model/shape.ts'
import { requireOrganization } from './caller.ts'
import { openPayment } from './evidence.ts'
import { partiesOf, zip } from './pairing.ts'
import type { Transaction } from './transaction.ts'

export const allocateShape = object({
  paymentId: recordId,
  rulesId: optional(recordId),
  invoices: list(object({ invoiceId: recordId, shortReason: optional(oneOf(SHORT_PAY_REASONS)) }), {
    min: 1,
    max: 50,
  }),
})
export const allocateSecret = object({
  payment: opening,
  usage: optional(opening),
  rules: optional(opening),
  allocations: list(object({ balance: opening, amountFen: positiveAmount }), { min: 1, max: 50 }),
})
type Allocate = ReturnType<typeof allocateShape>
type AllocateSecret = ReturnType<typeof allocateSecret>

const openRules = async (
  tx: Transaction,
  request: Allocate,
  secret: AllocateSecret,
  parties: MspId[],
) =>
  request.rulesId === undefined || secret.rules === undefined
    ? undefined
    : tx.open('rules', request.rulesId, parties, secret.rules)

const payInvoice = (input: {
  balance: Balance
  amountFen: AmountFen
  reason: ShortPayReason | undefined
  rules: RuleSet | undefined
}): Balance => {
  const { balance, amountFen: sum, reason, rules } = input
  if (reason === undefined) return paid(balance, sum)
  return paidShort({ balance, amountFen: sum, reason, rules: rules ?? refuse('SHORT_PAY_REASON') })
}

export const allocatePayment = async (
  tx: Transaction,
  request: Allocate,
  secret: AllocateSecret,
): Promise<void> => {
  const evidence = await openPayment(tx, request.paymentId, secret)
  const { payment, use } = evidence
  const parties = [
    payment.payerMsp,
    payment.payeeMsp ?? refuse('EVIDENCE_WRONG', { why: 'no payee' }),
  ]
  requireOrganization(tx.caller, ...parties)
  const rules = await openRules(tx, request, secret, parties)
  let used = 0n
  for (const [entry, allocation] of zip(
    request.invoices,
    secret.allocations,
    'private.allocations',
  )) {
    const { invoiceId, shortReason: reason } = entry
    const state = await tx.state('invoice', invoiceId)
    if (partiesOf(state).join() !== parties.join()) refuse('EVIDENCE_WRONG', { invoiceId })
    const { salt: _, ...balance } = await tx.open('balance', invoiceId, parties, allocation.balance)
    if (balance.buyer !== payment.payer || balance.seller !== payment.payee)
      refuse('EVIDENCE_WRONG', { invoiceId })
    if (rules !== undefined && (rules.buyer !== balance.buyer || rules.seller !== balance.seller))
      refuse('MATCH_PARTIES', { invoiceId })
    const after = payInvoice({ balance, amountFen: allocation.amountFen, reason, rules })
    tx.putPrivate('balance', invoiceId, parties, after)
    if (isDischarged(after))
      tx.putState('invoice', invoiceId, { ...state, use: moveTo('use', state.use, 'discharge') })
    used += allocation.amountFen
  }
  use(amountFen(used))
}
