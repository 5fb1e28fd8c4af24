/** Three-flow reconciliation: both organisations recompute every verdict from the same openings. */
import {
  DOCUMENT_SHAPES,
  OVERRIDE_REASONS,
  amountFen,
  canonicalJson,
  commitmentOf,
  judgeInvoice,
  judgedBalance,
  moveTo,
  recordKey,
  refuse,
  sha256Hex,
} from '../model/index.ts'
import type {
  AmountFen,
  Balance,
  InvoiceState,
  MatchResult,
  MoveOf,
  MspId,
  Opening,
  PrivateKind,
  PrivateValues,
  RecordId,
} from '../model/index.ts'
import {
  amount,
  integer,
  list,
  mspId,
  object,
  oneOf,
  opening,
  optional,
  recordId,
  seed,
} from '../model/shape.ts'
import { remarkText } from '../model/shapes.ts'
import { thePolicy } from './ahead.ts'
import { requireOrganization, requireSecondPerson } from './caller.ts'
import { batch, contractOf, single } from './contract.ts'
import { allocatePayment, allocateSecret, allocateShape } from './allocation.ts'
import { partiesOf, zip } from './pairing.ts'
import { putRemark, rejectInvoice, rejectSecret, rejectShape } from './rejecting.ts'
import type { Transaction } from './transaction.ts'

const idsOf = list(recordId, { max: 100 })
const matchShape = object({
  invoiceId: recordId,
  rulesId: recordId,
  orders: idsOf,
  receipts: idsOf,
  creditNotes: idsOf,
})
const matchSecret = object({
  invoice: opening,
  rules: opening,
  orders: list(object({ order: opening, progress: optional(opening) }), { max: 100 }),
  receipts: list(opening, { max: 100 }),
  creditNotes: list(opening, { max: 100 }),
  balance: optional(opening),
})
type MatchItem = ReturnType<typeof matchShape>
type MatchSecret = ReturnType<typeof matchSecret>

const requireTax = (state: InvoiceState): void => {
  if (state.tax !== 'UNCHECKED' && state.tax !== 'VALID') refuse('TAX_REFUSED', { tax: state.tax })
}

/** Opens several records of one kind. */
const openAll = async <K extends PrivateKind>(
  tx: Transaction,
  kind: K,
  parties: readonly MspId[],
  openings: readonly [RecordId, Opening][],
) => {
  const opened = new Map<RecordId, PrivateValues[K]>()
  for (const [id, each] of openings) opened.set(id, await tx.open(kind, id, parties, each))
  return opened
}

type Evidence = Awaited<ReturnType<typeof openEvidence>>
const openEvidence = async (
  tx: Transaction,
  item: MatchItem,
  secret: MatchSecret,
  state: InvoiceState,
) => {
  const parties = partiesOf(state)
  const rulesState = await tx.state('rules', item.rulesId)
  if (partiesOf(rulesState).join() !== parties.join()) refuse('MATCH_PARTIES')
  const orderOpenings = zip(item.orders, secret.orders, 'private.orders')
  const rules = await tx.open('rules', item.rulesId, parties, secret.rules)
  if (rules.effectiveFrom > (await tx.today())) refuse('RULES_NOT_IN_FORCE')
  const invoice = await tx.open('invoice', item.invoiceId, parties, secret.invoice)
  const orders = await openAll(
    tx,
    'order',
    parties,
    orderOpenings.map(([id, { order }]) => [id, order]),
  )
  const progress = new Map()
  for (const [id, each] of orderOpenings) {
    const held = await tx.openIfAny('progress', id, parties, each.progress)
    if (held !== undefined) progress.set(id, held)
  }
  const receipts = await openAll(
    tx,
    'receipt',
    parties,
    zip(item.receipts, secret.receipts, 'private.receipts'),
  )
  const notes = await openAll(
    tx,
    'creditNote',
    parties,
    zip(item.creditNotes, secret.creditNotes, 'private.creditNotes'),
  )
  return { rules, invoice, orders, progress, receipts, notes }
}

/** SHA-256 over what was judged: anyone who holds the openings can recompute verdict and hash. */
const inputsHash = (item: MatchItem, secret: MatchSecret): string => {
  const entry = (kind: PrivateKind, id: RecordId, text: Opening): [string, string] => [
    recordKey(kind, id),
    commitmentOf(text),
  ]
  const inputs = [
    entry('rules', item.rulesId, secret.rules),
    entry('invoice', item.invoiceId, secret.invoice),
    ...zip(item.orders, secret.orders, 'orders').flatMap(([id, { order, progress }]) => [
      entry('order', id, order),
      ...(progress === undefined ? [] : [entry('progress', id, progress)]),
    ]),
    ...zip(item.receipts, secret.receipts, 'receipts').map(([id, each]) =>
      entry('receipt', id, each),
    ),
    ...zip(item.creditNotes, secret.creditNotes, 'creditNotes').map(([id, each]) =>
      entry('creditNote', id, each),
    ),
  ]
  return sha256Hex(canonicalJson(inputs))
}

/** What was credited and paid before this verdict. */
const priorOf = async (tx: Transaction, input: Judged) => {
  const { item, secret, state, evidence } = input
  if (state.match !== 'NONE') {
    const held = secret.balance ?? refuse('REQUEST_MALFORMED', { path: 'private.balance' })
    return tx.open('balance', item.invoiceId, partiesOf(state), held)
  }
  const expected = [...(state.credits ?? [])].sort()
  if (expected.join() !== [...item.creditNotes].sort().join())
    return refuse('OPENING_WRONG', {
      kind: 'creditNote',
      why: 'not exactly the credit notes of the invoice',
    })
  const credited = [...evidence.notes.values()].reduce((all, note) => all + note.totalFen, 0n)
  if (credited > evidence.invoice.totalFen) return refuse('CREDIT_EXCEEDS_AVAILABLE')
  return { creditedFen: amountFen(credited), paidFen: amountFen(0n) }
}

type Judged = { item: MatchItem; secret: MatchSecret; state: InvoiceState; evidence: Evidence }

const writeBalance = async (
  tx: Transaction,
  input: Judged & { result: MatchResult; acceptableFen: AmountFen },
): Promise<void> => {
  const { item, secret, state, evidence, result, acceptableFen } = input
  const { creditedFen, paidFen } = await priorOf(tx, input)
  const balance: Balance = judgedBalance({
    invoice: evidence.invoice,
    acceptableFen,
    creditedFen,
    paidFen,
    verdict: {
      rules: item.rulesId,
      ruleVersion: evidence.rules.version,
      inputsHash: inputsHash(item, secret),
      differenceFen: result.differenceFen,
    },
  })
  tx.putPrivate('balance', item.invoiceId, partiesOf(state), balance)
}

const writeProgress = (tx: Transaction, state: InvoiceState, result: MatchResult): void => {
  for (const [orderId, progress] of result.progress)
    tx.putPrivate('progress', orderId, partiesOf(state), progress)
}

const VERDICT_MOVE = {
  MATCHED: 'match',
  WITHIN_TOLERANCE: 'tolerate',
  EXCEPTION: 'except',
} as const satisfies Record<MatchResult['match'], MoveOf<'match'>>

const matchInvoice = async (
  tx: Transaction,
  item: MatchItem,
  secret: MatchSecret,
): Promise<object> => {
  const state = await tx.state('invoice', item.invoiceId)
  // the buyer's word: a seller would leave out the receipts of what came back
  requireOrganization(tx.caller, state.buyerMsp)
  requireTax(state)
  moveTo('match', state.match, 'except')
  const evidence = await openEvidence(tx, item, secret, state)
  const result = judgeInvoice(evidence)
  const { acceptableFen } = result
  await writeBalance(tx, { item, secret, state, evidence, result, acceptableFen })
  if (result.match !== 'EXCEPTION') writeProgress(tx, state, result)
  const { codes: _old, pending: _pending, ...rest } = state
  tx.putState('invoice', item.invoiceId, {
    ...rest,
    match: moveTo('match', state.match, VERDICT_MOVE[result.match]),
    ...(result.codes.length > 0 ? { codes: result.codes } : {}),
  })
  return { invoiceId: item.invoiceId, match: result.match, codes: result.codes }
}

const OVERRIDE = 'OVERRIDE'
const overrideShape = object({ invoiceId: recordId, reason: oneOf(OVERRIDE_REASONS) })
const overrideSecret = object({
  seed,
  balance: opening,
  acceptedFen: amount,
  remark: optional(remarkText),
})
const proposeOverride = async (
  tx: Transaction,
  input: ReturnType<typeof overrideShape>,
  secret: ReturnType<typeof overrideSecret>,
): Promise<void> => {
  const state = await tx.state('invoice', input.invoiceId)
  requireOrganization(tx.caller, state.buyerMsp)
  moveTo('match', state.match, 'override')
  const parties = partiesOf(state)
  const { salt: _, ...balance } = await tx.open('balance', input.invoiceId, parties, secret.balance)
  if (secret.acceptedFen > balance.grossFen) refuse('AMOUNT_EXCEEDS_ELIGIBLE')
  const verdict = { ...balance.verdict, acceptedFen: secret.acceptedFen }
  tx.putPrivate('balance', input.invoiceId, parties, { ...balance, verdict })
  putRemark(tx, input.invoiceId, parties, secret.remark)
  const pending = { step: OVERRIDE, by: tx.caller.userId, reason: input.reason }
  tx.putState('invoice', input.invoiceId, { ...state, pending })
}

const overrideInvoice = async (
  tx: Transaction,
  item: MatchItem,
  secret: MatchSecret,
): Promise<void> => {
  const state = await tx.state('invoice', item.invoiceId)
  requireOrganization(tx.caller, state.buyerMsp)
  const match = moveTo('match', state.match, 'override')
  requireSecondPerson(tx.caller, state.pending?.step === OVERRIDE ? state.pending.by : undefined)
  const held = secret.balance ?? refuse('REQUEST_MALFORMED', { path: 'private.balance' })
  const { verdict } = await tx.open('balance', item.invoiceId, partiesOf(state), held)
  const acceptableFen = verdict.acceptedFen ?? refuse('NOTHING_PENDING')
  const evidence = await openEvidence(tx, item, secret, state)
  const result = judgeInvoice(evidence)
  await writeBalance(tx, { item, secret, state, evidence, result, acceptableFen })
  writeProgress(tx, state, result)
  const { pending: _, ...rest } = state
  tx.putState('invoice', item.invoiceId, { ...rest, match })
}

const rulesShape = object({
  id: recordId,
  buyerMsp: mspId,
  sellerMsp: mspId,
  version: integer(1, 1_000_000),
})
const rulesSecret = object({ seed, rules: DOCUMENT_SHAPES.rules })

const setRules = async (
  tx: Transaction,
  input: ReturnType<typeof rulesShape>,
  { rules }: ReturnType<typeof rulesSecret>,
): Promise<void> => {
  const { id, buyerMsp, sellerMsp, version } = input
  requireOrganization(tx.caller, buyerMsp)
  if (buyerMsp === sellerMsp) refuse('SAME_ORGANISATION')
  if (rules.version !== version) refuse('REQUEST_MALFORMED', { path: 'version' })
  const before = await tx.findState('rules', id)
  const state = { buyerMsp, sellerMsp, version }
  const parties = [buyerMsp, sellerMsp]
  if (before === undefined) await tx.createState('rules', id, state, parties)
  else if (before.version < version && partiesOf(before).join() === parties.join())
    tx.putState('rules', id, state)
  else refuse('POLICY_VERSION')
  tx.putPrivate('rules', id, parties, rules)
}

export const ReconciliationContract = contractOf('reconciliation', {
  setRules: single({ request: rulesShape, secret: rulesSecret }, setRules),
  match: batch(
    {
      item: matchShape,
      secret: matchSecret,
      reads: ({ invoiceId, rulesId }) => [['invoice', invoiceId], ['rules', rulesId], thePolicy],
    },
    matchInvoice,
  ),
  proposeOverride: single({ request: overrideShape, secret: overrideSecret }, proposeOverride),
  override: single(
    { request: matchShape, secret: object({ seed, item: matchSecret }) },
    (tx, item, secret) => overrideInvoice(tx, item, secret.item),
  ),
  reject: single({ request: rejectShape, secret: rejectSecret }, async (tx, input, secret) => {
    const state = await tx.state('invoice', input.invoiceId)
    const match = moveTo('match', state.match, 'reject')
    rejectInvoice(tx, input, { ...state, match }, secret)
  }),
  allocatePayments: batch(
    {
      item: allocateShape,
      secret: allocateSecret,
      reads: ({ invoices }) => invoices.map(({ invoiceId }) => ['invoice', invoiceId]),
    },
    allocatePayment,
  ),
})
