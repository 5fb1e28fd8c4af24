/** Documents of trade. Each lives as a private value of buyer and seller; only invoices have a public state. */
import {
  DOCUMENT_SHAPES,
  checkCreditNote,
  checkGoods,
  checkInvoice,
  checkOrder,
  consortiumKeyHash,
  credited,
  invoiceId,
  moveTo,
  refuse,
  sellerTag,
} from '../model/index.ts'
import type { Invoice, InvoiceState, MoveOf, MspId, RecordId } from '../model/index.ts'
import { mspId, object, oneOf, opening, optional, recordId, text } from '../model/shape.ts'
import type { Shape } from '../model/shape.ts'
import { itsInvoice, thePolicy } from './ahead.ts'
import { requireOrganization } from './caller.ts'
import { batch, contractOf } from './contract.ts'
import type { Unnamed } from './contract.ts'
import type { Transaction } from './transaction.ts'

const partiesShape = { buyerMsp: mspId, sellerMsp: mspId }
const itemShape = object({ id: recordId, ...partiesShape })
type Item = { id: RecordId; buyerMsp: MspId; sellerMsp: MspId }
type Documented = { buyer: string; seller: string }

/** Two organisations, so that two endorse; a member's own user writes only that member's documents. */
const requireAuthor = (input: {
  tx: Transaction
  item: Item
  author: MspId
  member: string
}): void => {
  const { tx, item, author, member } = input
  if (item.buyerMsp === item.sellerMsp) refuse('SAME_ORGANISATION')
  requireOrganization(tx.caller, author)
  if (tx.caller.memberId !== undefined && tx.caller.memberId !== member) refuse('MEMBER_REFUSED')
}

const store = async (
  tx: Transaction,
  kind: 'order' | 'despatch' | 'receipt',
  { id, buyerMsp, sellerMsp }: Item,
  document: Documented,
): Promise<void> => {
  await tx.requireAbsent(kind, id, [buyerMsp, sellerMsp])
  tx.putPrivate(kind, id, [buyerMsp, sellerMsp], document as never)
}

/** A carrier's user attests goods of others; everyone else only despatches of the own members. */
const requireDespatcher = async (
  tx: Transaction,
  item: Item,
  document: Documented,
): Promise<void> => {
  const { carriers } = await tx.policyState()
  if (!carriers.includes(tx.caller.mspId))
    return requireAuthor({ tx, item, author: item.sellerMsp, member: document.seller })
  if (item.buyerMsp === item.sellerMsp) refuse('SAME_ORGANISATION')
}

const requireConsortiumKey = async (tx: Transaction, key: string | undefined): Promise<string> => {
  const { parameters } = await tx.policy()
  if (key === undefined || !/^[0-9a-f]{64}$/.test(key)) return refuse('KEY_WRONG')
  return consortiumKeyHash(key) === parameters.fingerprintKeyHash ? key : refuse('KEY_WRONG')
}

type InvoiceSecret = { document: Invoice; sellerTaxId: string }
const submitInvoice = async (
  tx: Transaction,
  item: Item,
  { document, sellerTaxId }: InvoiceSecret,
  consortiumKey: string,
): Promise<void> => {
  requireAuthor({ tx, item, author: item.sellerMsp, member: document.seller })
  checkInvoice(document)
  if (invoiceId({ consortiumKey, sellerTaxId, document }) !== item.id)
    refuse('REQUEST_MALFORMED', { path: 'id', expected: 'the fingerprint of the invoice' })
  if ((await tx.findState('invoice', item.id)) !== undefined) refuse('INVOICE_DUPLICATE')
  const { buyerMsp, sellerMsp } = item
  const state: InvoiceState = {
    buyerMsp,
    sellerMsp,
    tax: 'UNCHECKED',
    match: 'NONE',
    approval: 'SUBMITTED',
    use: 'FREE',
  }
  await tx.createState('invoice', item.id, state, [buyerMsp, sellerMsp])
  const tag = sellerTag(consortiumKey, sellerTaxId)
  tx.putPrivate('invoice', item.id, [buyerMsp, sellerMsp], { ...document, sellerTag: tag })
}

const creditShape = object({ id: recordId, ...partiesShape, invoiceId: recordId })
const creditSecret = object({
  document: DOCUMENT_SHAPES.creditNote,
  invoice: opening,
  balance: optional(opening),
})
type CreditItem = Item & { invoiceId: RecordId }
type CreditSecret = ReturnType<typeof creditSecret>

const creditBalance = async (
  tx: Transaction,
  item: CreditItem,
  { document, balance }: CreditSecret,
): Promise<void> => {
  const parties = [item.buyerMsp, item.sellerMsp]
  if (balance === undefined) return refuse('REQUEST_MALFORMED', { path: 'private.balance' })
  const { salt: _, ...held } = await tx.open('balance', item.invoiceId, parties, balance)
  tx.putPrivate('balance', item.invoiceId, parties, credited(held, document.totalFen))
}

const submitCreditNote = async (
  tx: Transaction,
  item: CreditItem,
  secret: CreditSecret,
): Promise<void> => {
  const { document } = secret
  const parties = [item.buyerMsp, item.sellerMsp]
  requireAuthor({ tx, item, author: item.sellerMsp, member: document.seller })
  const state = await tx.state('invoice', item.invoiceId)
  const invoice = await tx.open('invoice', item.invoiceId, parties, secret.invoice)
  if (document.invoiceId !== item.invoiceId) refuse('REQUEST_MALFORMED', { path: 'invoiceId' })
  checkCreditNote(document, invoice)
  await tx.requireAbsent('creditNote', item.id, parties)
  tx.putPrivate('creditNote', item.id, parties, document)
  if (state.match !== 'NONE') return creditBalance(tx, item, secret)
  tx.putState('invoice', item.invoiceId, { ...state, credits: [...(state.credits ?? []), item.id] })
}

const TAX_MOVE = {
  VALID: 'valid',
  INVALID: 'invalid',
  RED_LETTERED: 'redLetter',
  VOIDED: 'void',
} as const satisfies Record<string, MoveOf<'tax'>>

/** An invoice that is void or was never valid freezes its roots, and a frozen root freezes every certificate that came from it. */
const freezeRoots = async (tx: Transaction, roots: readonly RecordId[]): Promise<void> => {
  for (const id of roots) {
    const root = await tx.state('receivable', id)
    if (root.frozen !== true) tx.putState('receivable', id, { ...root, frozen: true })
  }
}

const taxShape = object({
  invoiceId: recordId,
  result: oneOf(['VALID', 'INVALID', 'RED_LETTERED', 'VOIDED']),
})

/**
 * Both organisations ask the tax office, by users who stand for no single member. Once paper stands on an
 * invoice, its debtor no longer calls it void: that would freeze what it owes.
 */
const requireTaxReporter = async (
  tx: Transaction,
  { buyerMsp, sellerMsp, roots = [] }: InvoiceState,
  result: keyof typeof TAX_MOVE,
): Promise<void> => {
  if ((await tx.policyState()).regulators.includes(tx.caller.mspId)) return
  const isOwnDebt = result !== 'VALID' && roots.length > 0
  requireOrganization(tx.caller, sellerMsp, ...(isOwnDebt ? [] : [buyerMsp]))
  if (tx.caller.memberId !== undefined) refuse('MEMBER_REFUSED')
}

const checkTax = async (tx: Transaction, item: ReturnType<typeof taxShape>): Promise<void> => {
  const state = await tx.state('invoice', item.invoiceId)
  await requireTaxReporter(tx, state, item.result)
  const tax = moveTo('tax', state.tax, TAX_MOVE[item.result])
  tx.putState('invoice', item.invoiceId, { ...state, tax })
  if (tax !== 'VALID') await freezeRoots(tx, state.roots ?? [])
}

/** A document that its author's organisation writes down as it is. */
const documents = <Document extends Documented>(
  kind: 'order' | 'receipt',
  shape: Shape<Document>,
  check: (document: Document) => void,
): Unnamed =>
  batch({ item: itemShape, secret: object({ document: shape }) }, async (tx, item, secret) => {
    const document = secret.document as Document
    requireAuthor({ tx, item, author: item.buyerMsp, member: document.buyer })
    check(document)
    await store(tx, kind, item, document)
  })

const despatches = batch(
  { item: itemShape, secret: object({ document: DOCUMENT_SHAPES.despatch }) },
  async (tx, item, { document }) => {
    await requireDespatcher(tx, item, document)
    checkGoods(document)
    await store(tx, 'despatch', item, document)
  },
)

const invoiceSecret = object({ document: DOCUMENT_SHAPES.invoice, sellerTaxId: text(18, 0) })

export const TradeContract = contractOf('trade', {
  submitOrders: documents('order', DOCUMENT_SHAPES.order, checkOrder),
  submitDespatches: despatches,
  submitReceipts: documents('receipt', DOCUMENT_SHAPES.receipt, checkGoods),
  submitInvoices: batch(
    { item: itemShape, secret: invoiceSecret, reads: ({ id }) => [['invoice', id], thePolicy] },
    async (tx, item, each, { consortiumKey }) =>
      submitInvoice(tx, item, each, await requireConsortiumKey(tx, consortiumKey)),
  ),
  submitCreditNotes: batch(
    { item: creditShape, secret: creditSecret, reads: itsInvoice },
    submitCreditNote,
  ),
  checkTax: batch({ item: taxShape, reads: itsInvoice }, checkTax),
})
