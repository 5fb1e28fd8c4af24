/** An invoice that the buyer refuses for good: the reason is a word, what is said about it stays private. */
import { REJECTION_REASONS, moveTo } from '../model/index.ts'
import type { InvoiceState, MspId, RecordId } from '../model/index.ts'
import { object, oneOf, optional, recordId, seed } from '../model/shape.ts'
import { remarkText } from '../model/shapes.ts'
import { requireOrganization } from './caller.ts'
import { partiesOf } from './pairing.ts'
import type { Transaction } from './transaction.ts'

export const rejectShape = object({ invoiceId: recordId, reason: oneOf(REJECTION_REASONS) })
export const remarked = object({ remark: optional(remarkText) })
export const rejectSecret = object({ seed, remark: optional(remarkText) })

export const putRemark = (
  tx: Transaction,
  invoiceId: RecordId,
  parties: readonly MspId[],
  text: string | undefined,
): void => {
  if (text !== undefined) tx.putPrivate('remark', invoiceId, parties, { text })
}

export const rejectInvoice = (
  tx: Transaction,
  { invoiceId, reason }: ReturnType<typeof rejectShape>,
  state: InvoiceState,
  { remark }: ReturnType<typeof remarked>,
): void => {
  requireOrganization(tx.caller, state.buyerMsp)
  const approval = moveTo('approval', state.approval, 'reject')
  const pending = { step: 'REJECTED', by: tx.caller.userId, reason }
  putRemark(tx, invoiceId, partiesOf(state), remark)
  tx.putState('invoice', invoiceId, { ...state, approval, pending })
}
