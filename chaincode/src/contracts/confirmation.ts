/** The buyer confirms what it owes: one person proposes, another confirms exactly that. */
import { confirmedBalance, moveTo, refuse } from '../model/index.ts'
import type { HashHex, InvoiceState, MatchState, Opening, RecordId } from '../model/index.ts'
import { hash, object, opening, optional, positiveAmount, recordId } from '../model/shape.ts'
import { itsInvoice } from './ahead.ts'
import { requireMember, requireOrganization, requireSecondPerson } from './caller.ts'
import { batch, contractOf } from './contract.ts'
import { rejectInvoice, rejectShape, remarked } from './rejecting.ts'
import type { Transaction } from './transaction.ts'

const STEP = 'CONFIRM'
const ACCEPTED: readonly MatchState[] = ['MATCHED', 'WITHIN_TOLERANCE', 'OVERRIDDEN']

const requireConfirmable = (state: InvoiceState): void => {
  if (!ACCEPTED.includes(state.match)) refuse('NOT_MATCHED', { match: state.match })
  if (state.tax !== 'UNCHECKED' && state.tax !== 'VALID') refuse('TAX_REFUSED', { tax: state.tax })
  moveTo('approval', state.approval, 'confirm')
}

const proposeShape = object({ balance: opening, confirmedFen: optional(positiveAmount) })
const propose = async (
  tx: Transaction,
  { invoiceId }: { invoiceId: RecordId },
  secret: { balance: Opening } & ReturnType<typeof proposeShape>,
): Promise<void> => {
  const state = await tx.state('invoice', invoiceId)
  requireOrganization(tx.caller, state.buyerMsp)
  requireConfirmable(state)
  const parties = [state.buyerMsp, state.sellerMsp]
  const { salt: _, ...balance } = await tx.open('balance', invoiceId, parties, secret.balance)
  requireMember(tx.caller, state.buyerMsp, balance.buyer)
  const amount = secret.confirmedFen ?? balance.eligibleFen
  tx.putPrivate('balance', invoiceId, parties, confirmedBalance(balance, amount))
  const pending = { step: STEP, by: tx.caller.userId, member: balance.buyer }
  tx.putState('invoice', invoiceId, { ...state, pending })
}

const confirm = async (
  tx: Transaction,
  { invoiceId, commitment }: { invoiceId: RecordId; commitment: HashHex },
): Promise<void> => {
  const { pending, ...state } = await tx.state('invoice', invoiceId)
  requireOrganization(tx.caller, state.buyerMsp)
  requireConfirmable(state)
  const first = pending?.step === STEP ? pending : undefined
  requireSecondPerson(tx.caller, first?.by)
  if (tx.caller.memberId !== first?.member) refuse('MEMBER_REFUSED')
  await tx.requireCommitment('balance', invoiceId, [state.buyerMsp, state.sellerMsp], commitment)
  const approval = moveTo('approval', state.approval, 'confirm')
  tx.putState('invoice', invoiceId, { ...state, approval })
}

export const ConfirmationContract = contractOf('confirmation', {
  propose: batch(
    { item: object({ invoiceId: recordId }), secret: proposeShape, reads: itsInvoice },
    propose,
  ),
  confirm: batch(
    { item: object({ invoiceId: recordId, commitment: hash }), reads: itsInvoice },
    confirm,
  ),
  reject: batch({ item: rejectShape, secret: remarked }, async (tx, item, secret) =>
    rejectInvoice(tx, item, await tx.state('invoice', item.invoiceId), secret),
  ),
})
