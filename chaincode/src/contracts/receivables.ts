/** The receivable certificate from proposal to maturity. Every certificate key belongs to obligor and holder. */
import { addDays, maturesOn, refuse, splitTerms } from '../model/index.ts'
import type { LocalDate, MspId, Opening, ReceivableRecord, RecordId } from '../model/index.ts'
import {
  day,
  hash,
  list,
  memberId,
  mspId,
  object,
  opening,
  optional,
  positiveAmount,
  recordId,
  seed,
  text,
} from '../model/shape.ts'
import { usesShape } from '../model/shapes.ts'
import { claimed, itsCertificate, itsInvoice, itsTerms } from './ahead.ts'
import { requireMember, requireOrganization } from './caller.ts'
import { batch, contractOf, single } from './contract.ts'
import type { Unnamed } from './contract.ts'
import {
  answerSecret,
  freeze,
  liftSecret,
  orderSecret,
  proposeFreeze,
  proposeUnfreeze,
  unfreeze,
} from './freezing.ts'
import { moveCertificate, openCertificate, requireUnfrozen } from './holding.ts'
import type { Held } from './holding.ts'
import {
  acceptCertificate,
  cancelCertificate,
  offerCertificate,
  proposeCertificate,
  requireRejecter,
} from './issuing.ts'
import { openSettlement } from './rootPayments.ts'
import { offerTransfer, revertTransfer, signOff } from './transferring.ts'
import type { Offered } from './transferring.ts'
import type { Transaction } from './transaction.ts'

const byId = object({ id: recordId })
const proposeItem = object({
  id: recordId,
  obligorMsp: mspId,
  holderMsp: mspId,
  invoices: list(recordId, { min: 1, max: 20 }),
})
const balances = list(opening, { max: 20 })
const proposeSecret = object({
  terms: object({ holder: memberId, dueOn: day, offerUntil: day, uses: usesShape }),
  balances,
})
const withBalances = object({ terms: opening, balances })
const splitShape = object({ id: recordId, children: list(recordId, { max: 50 }) })
const splitSecret = object({ seed, terms: opening, faces: list(positiveAmount, { max: 50 }) })
const offerSecret = object({ terms: opening, to: memberId, until: day, reason: text(200, 0) })
const withTerms = object({ terms: opening })
const overdueSecret = object({ terms: opening, settlement: optional(opening) })
const transferSecret = object({ terms: opening, transfer: opening })

const requireBeforeDue = async (tx: Transaction, { terms }: Held): Promise<void> => {
  if ((await tx.today()) >= terms.dueOn) refuse('PAST_DUE')
}

const splitCertificate = async (
  tx: Transaction,
  { id, children }: ReturnType<typeof splitShape>,
  secret: ReturnType<typeof splitSecret>,
): Promise<void> => {
  const held = await openCertificate(tx, id, secret.terms)
  const { record, terms, parties } = held
  requireMember(tx.caller, record.holderMsp, terms.holder)
  await requireUnfrozen(tx, held)
  await requireBeforeDue(tx, held)
  if (children.length !== secret.faces.length) refuse('REQUEST_MALFORMED', { path: 'children' })
  const depth = record.depth + 1
  const { parameters: policy } = await tx.policy()
  const faces = splitTerms({ parent: terms, faces: secret.faces, depth, policy })
  moveCertificate(tx, held, 'split')
  const { obligorMsp, holderMsp, root, policy: version } = record
  for (const [index, child] of children.entries()) {
    const state: ReceivableRecord = {
      state: 'ACTIVE',
      obligorMsp,
      holderMsp,
      root,
      parent: id,
      depth,
      policy: version,
    }
    await tx.createState('receivable', child, state, parties)
    tx.putPrivate('receivable', child, parties, faces[index] as (typeof faces)[number])
  }
}

/** Open locks lapse to the holder; a financing that is paid out is closed first, never lapsed. */
const requireLapsable = async (tx: Transaction, { record }: Held): Promise<void> => {
  const requestId = record.lock?.requestId
  if (requestId === undefined) return
  const request = await tx.state('request', requestId)
  if (request.state === 'PAID')
    refuse('MOVE_REFUSED', { cycle: 'receivable', state: 'LOCKED', move: 'mature', requestId })
}

const matureCertificate = async (
  tx: Transaction,
  { id }: { id: RecordId },
  { terms }: { terms: Opening },
): Promise<void> => {
  const held = await openCertificate(tx, id, terms)
  requireOrganization(tx.caller, ...held.parties)
  const { parameters } = await tx.policy()
  if ((await tx.today()) < maturesOn(held.terms.dueOn, parameters)) refuse('NOT_DUE')
  await requireLapsable(tx, held)
  moveCertificate(tx, held, 'mature')
}

const stopIssuing = async (tx: Transaction, { id, terms }: Held): Promise<void> => {
  const member = await tx.state('member', terms.obligor)
  const issueStops = [...new Set([...(member.issueStops ?? []), id])]
  tx.putState('member', terms.obligor, { ...member, issueStops })
}

/** An obligor that has paid is not punished because a holder has not collected yet. */
const requireUnpaid = async (
  tx: Transaction,
  { record: { root, obligorMsp }, terms: { obligor } }: Held,
  settlement: Opening | undefined,
): Promise<void> => {
  const paid = await openSettlement(tx, { root, obligorMsp, obligor }, settlement)
  if (paid !== undefined && paid.paidFen >= paid.faceFen) refuse('PAID_IN_FULL', { root })
}

const overdueCertificate = async (
  tx: Transaction,
  { id }: { id: RecordId },
  { terms, settlement }: { terms: Opening; settlement?: Opening },
): Promise<void> => {
  const held = await openCertificate(tx, id, terms)
  requireOrganization(tx.caller, ...held.parties)
  await requireUnpaid(tx, held, settlement)
  const { parameters } = await tx.policy()
  const last = addDays(maturesOn(held.terms.dueOn, parameters), parameters.graceDays)
  if ((await tx.today()) <= last) refuse('WITHIN_GRACE')
  moveCertificate(tx, held, 'overdue')
  await stopIssuing(tx, held)
}

/** The end of a certificate that was never accepted. */
const cancelled = (
  move: 'reject' | 'withdraw' | 'expire',
  guard: (tx: Transaction, held: Held) => Promise<void> | void,
): Unnamed =>
  batch({ item: byId, secret: withBalances }, (tx, item, secret) =>
    cancelCertificate(tx, item, secret, { move, guard: held => guard(tx, held) }),
  )

/** The end of a transfer that was not signed off: back to the holder it came from. */
const reverted = (
  move: 'rejectTransfer' | 'recallTransfer' | 'expireTransfer',
  guard: (tx: Transaction, offered: Offered) => Promise<void> | void,
): Unnamed =>
  batch({ item: byId, secret: transferSecret }, (tx, item, secret) =>
    revertTransfer(tx, item, secret, { move, guard: offered => guard(tx, offered) }),
  )

const requireExpired = async (tx: Transaction, parties: MspId[], until: LocalDate) => {
  requireOrganization(tx.caller, ...parties)
  if ((await tx.today()) <= until) refuse('NOT_EXPIRED')
}

export const ReceivablesContract = contractOf('receivables', {
  propose: batch(
    {
      item: proposeItem,
      secret: proposeSecret,
      reads: ({ id, invoices }) => [
        ...itsCertificate({ id }),
        ...invoices.map(invoice => ['invoice', invoice] as const),
      ],
    },
    proposeCertificate,
  ),
  offer: batch(
    { item: object({ id: recordId, commitment: hash }), reads: itsCertificate },
    offerCertificate,
  ),
  accept: batch(
    {
      item: byId,
      secret: withBalances,
      reads: (item, { terms }) => [
        ...itsCertificate(item),
        ...claimed('receivable', terms, ({ obligor, uses }) => [
          ['member', obligor],
          ...uses.flatMap(itsInvoice),
        ]),
      ],
    },
    acceptCertificate,
  ),
  reject: cancelled('reject', requireRejecter),
  withdraw: cancelled('withdraw', (tx, { record, terms }) =>
    requireMember(tx.caller, record.obligorMsp, terms.obligor),
  ),
  expire: cancelled('expire', (tx, { parties, terms }) =>
    requireExpired(tx, parties, terms.offerUntil),
  ),
  split: single(
    {
      request: splitShape,
      secret: splitSecret,
      reads: ({ id, children }, secret) => [
        ...itsTerms({ id }, secret),
        ...children.map(child => ['receivable', child] as const),
      ],
    },
    splitCertificate,
  ),
  offerTransfer: batch(
    { item: object({ id: recordId, toMsp: mspId }), secret: offerSecret, reads: itsTerms },
    offerTransfer,
  ),
  signOff: batch({ item: byId, secret: transferSecret, reads: itsTerms }, signOff),
  rejectTransfer: reverted('rejectTransfer', (tx, { transfer, toMsp }) =>
    requireMember(tx.caller, toMsp, transfer.to),
  ),
  recallTransfer: reverted('recallTransfer', (tx, { held: { record, terms } }) =>
    requireMember(tx.caller, record.holderMsp, terms.holder),
  ),
  expireTransfer: reverted('expireTransfer', (tx, { held, transfer }) =>
    requireExpired(tx, held.parties, transfer.until),
  ),
  mature: batch({ item: byId, secret: withTerms, reads: itsTerms }, matureCertificate),
  overdue: batch({ item: byId, secret: overdueSecret }, overdueCertificate),
  proposeFreeze: single({ request: byId, secret: orderSecret }, proposeFreeze),
  freeze: single({ request: byId, secret: answerSecret }, freeze),
  proposeUnfreeze: single({ request: byId, secret: liftSecret }, proposeUnfreeze),
  unfreeze: single({ request: byId, secret: answerSecret }, unfreeze),
})
