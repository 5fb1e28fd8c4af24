/** Bank evidence and redemption: no certificate is paid without an attested entry, each leaf gets its share. */
import {
  DOCUMENT_SHAPES,
  amountFen,
  collectedTerms,
  maturesOn,
  moveTo,
  refuse,
  settledTerms,
} from '../model/index.ts'
import type { AmountFen, Opening, Payment, PaymentEntry, RecordId } from '../model/index.ts'
import {
  list,
  mspId,
  object,
  opening,
  optional,
  positiveAmount,
  recordId,
  seed,
} from '../model/shape.ts'
import { itsCertificate, itsTerms, thePolicy } from './ahead.ts'
import { requireBankMember, requireOrganization } from './caller.ts'
import { batch, contractOf, single } from './contract.ts'
import { openPayment } from './evidence.ts'
import { moveCertificate, openCertificate, putTerms, requireUnfrozen } from './holding.ts'
import type { Held } from './holding.ts'
import { openSettlement, settlementBanks } from './rootPayments.ts'
import { distinct } from './transaction.ts'
import type { Transaction } from './transaction.ts'

const requireBank = async (tx: Transaction): Promise<void> => {
  requireBankMember(tx.caller, (await tx.policyState()).banks)
}

const byId = object({ id: recordId })
const attestShape = object({ id: recordId, payerMsp: mspId, payeeMsp: optional(mspId) })
const attest = async (
  tx: Transaction,
  { id, ...organizations }: ReturnType<typeof attestShape>,
  { entry }: { entry: PaymentEntry },
): Promise<void> => {
  await requireBank(tx)
  const bankMsp = tx.caller.mspId
  if ((entry.payee === undefined) !== (organizations.payeeMsp === undefined))
    refuse('REQUEST_MALFORMED', { path: 'payeeMsp' })
  if (entry.payer === entry.payee) refuse('DOCUMENT_INCONSISTENT', { why: 'payer is payee' })
  const payment: Payment = { ...entry, ...organizations, bankMsp }
  const parties = distinct([bankMsp, organizations.payerMsp, organizations.payeeMsp])
  await tx.requireAbsent('payment', id, parties)
  tx.putPrivate('payment', id, parties, payment)
}

const settleShape = object({
  paymentId: recordId,
  roots: list(recordId, { min: 1, max: 50 }),
})
const settleSecret = object({
  seed,
  payment: opening,
  usage: optional(opening),
  roots: list(
    object({ terms: opening, settlement: optional(opening), amountFen: positiveAmount }),
    {
      min: 1,
      max: 50,
    },
  ),
})
type RootSecret = ReturnType<typeof settleSecret>['roots'][number]

/** The root itself, or what its leaves came from; nothing that is not due, nothing that never was issued. */
const requireSettleable = async (tx: Transaction, { id, record, terms }: Held): Promise<void> => {
  if (record.root !== id) refuse('REQUEST_MALFORMED', { path: 'roots', expected: 'roots' })
  const states = ['CONSUMED', 'ACTIVE', 'LOCKED', 'DUE', 'PAID_PART', 'OVERDUE']
  if (!states.includes(record.state))
    refuse('MOVE_REFUSED', { cycle: 'receivable', state: record.state, move: 'settle' })
  const { parameters } = await tx.policy()
  if ((await tx.today()) < maturesOn(terms.dueOn, parameters)) refuse('NOT_DUE', { id })
}

/**
 * Evidence of a redemption: an entry of the obligor's account at a bank it registered. An entry that pays
 * one holder redeems only a root that this holder holds whole; otherwise the bank distributes.
 */
const requireEvidence = async (tx: Transaction, held: Held, payment: Payment): Promise<void> => {
  const { record, terms } = held
  const banks = await settlementBanks(tx, terms.obligor)
  if (!banks.includes(payment.bankMsp)) refuse('ATTESTOR_REFUSED')
  // Locked paper may be another's already: a bank has paid for it and is not yet its holder.
  const isLeaf = record.state !== 'CONSUMED' && record.state !== 'LOCKED'
  const whole = isLeaf && terms.holder === payment.payee
  const proves =
    payment.payer === terms.obligor &&
    payment.payerMsp === record.obligorMsp &&
    (payment.payee === undefined || whole)
  if (!proves) refuse('EVIDENCE_WRONG', { id: held.id })
}

/** The attesting bank, or the obligor that puts its own attested payment on its roots. */
const requireSettler = async (tx: Transaction, held: Held, payment: Payment): Promise<void> => {
  const { mspId, memberId } = tx.caller
  if (mspId === payment.bankMsp) return requireBank(tx)
  requireOrganization(tx.caller, held.record.obligorMsp)
  if (memberId !== undefined && memberId !== held.terms.obligor) refuse('MEMBER_REFUSED')
}

const settleRoot = async (
  tx: Transaction,
  input: { id: RecordId; payment: Payment; secret: RootSecret },
): Promise<void> => {
  const { id, payment, secret } = input
  const held = await openCertificate(tx, id, secret.terms)
  await requireSettler(tx, held, payment)
  await requireEvidence(tx, held, payment)
  await requireSettleable(tx, held)
  const { obligorMsp } = held.record
  const { obligor } = held.terms
  const before = await openSettlement(tx, { root: id, obligorMsp, obligor }, secret.settlement)
  // A bank that has put a payment on the root before sees the next one, whichever bank brings it.
  const copies = distinct([obligorMsp, payment.bankMsp, ...(before?.copies ?? [])])
  tx.putPrivate(
    'settlement',
    id,
    copies,
    settledTerms({
      root: held.terms,
      before,
      amountFen: secret.amountFen,
      today: await tx.today(),
      copies,
    }),
  )
}

const settle = async (
  tx: Transaction,
  request: ReturnType<typeof settleShape>,
  secret: ReturnType<typeof settleSecret>,
): Promise<void> => {
  const { roots } = request
  if (roots.length !== secret.roots.length || new Set(roots).size !== roots.length)
    refuse('REQUEST_MALFORMED', { path: 'roots' })
  const { payment, use } = await openPayment(tx, request.paymentId, secret)
  let sum = 0n
  for (const [index, id] of roots.entries()) {
    const each = secret.roots[index] as RootSecret
    await settleRoot(tx, { id, payment, secret: each })
    sum += each.amountFen
  }
  use(amountFen(sum) as AmountFen)
}

/**
 * Shows what was paid on a root to the organisation that holds one of its leaves, so that it can collect. The
 * obligor's collection must hold the leaf: a record that others wrote draws no opening to a stranger.
 */
const share = async (
  tx: Transaction,
  { id }: { id: RecordId },
  { settlement }: { settlement: Opening },
): Promise<void> => {
  const { root, obligorMsp, holderMsp } = await tx.state('receivable', id)
  if ((await tx.commitment('receivable', id, obligorMsp)) === undefined)
    refuse('RECORD_NOT_AUTHENTIC', { kind: 'receivable', id })
  const { copies } = tx.peek('settlement', root, settlement)
  requireOrganization(tx.caller, obligorMsp, ...copies)
  const { banks } = await tx.policyState()
  if (!copies.some(mspId => banks.includes(mspId)))
    refuse('RECORD_NOT_AUTHENTIC', { kind: 'settlement', id: root })
  await tx.open('settlement', root, [obligorMsp, ...copies], settlement)
  tx.copyPrivate('settlement', root, holderMsp, settlement)
}

const requireCollector = async (tx: Transaction, { record, terms }: Held): Promise<void> => {
  if (tx.caller.mspId === record.holderMsp) {
    const { memberId } = tx.caller
    if (memberId !== undefined && memberId !== terms.holder && !tx.caller.roles.has('operator'))
      refuse('MEMBER_REFUSED')
    return
  }
  requireOrganization(tx.caller, ...(await settlementBanks(tx, terms.obligor)))
}

const collect = async (
  tx: Transaction,
  { id }: { id: RecordId },
  secret: { terms: Opening; settlement: Opening },
): Promise<void> => {
  const held = await openCertificate(tx, id, secret.terms)
  const { root, obligorMsp, state } = held.record
  await requireCollector(tx, held)
  await requireUnfrozen(tx, held)
  moveTo('receivable', state, 'payPart')
  const { obligor } = held.terms
  const settlement = await openSettlement(tx, { root, obligorMsp, obligor }, secret.settlement)
  const terms = collectedTerms(held.terms, settlement ?? refuse('NOTHING_TO_COLLECT'))
  putTerms(tx, held, terms)
  moveCertificate(tx, held, terms.collectedFen === terms.faceFen ? 'redeem' : 'payPart')
}

export const SettlementContract = contractOf('settlement', {
  attest: batch(
    {
      item: attestShape,
      secret: object({ entry: DOCUMENT_SHAPES.payment }),
      reads: () => [thePolicy],
    },
    attest,
  ),
  settle: single(
    {
      request: settleShape,
      secret: settleSecret,
      reads: ({ roots }) => roots.flatMap(id => itsCertificate({ id })),
    },
    settle,
  ),
  share: batch(
    { item: byId, secret: object({ settlement: opening }), reads: itsCertificate },
    share,
  ),
  collect: batch(
    { item: byId, secret: object({ terms: opening, settlement: opening }), reads: itsTerms },
    collect,
  ),
})
