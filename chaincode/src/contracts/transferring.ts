/** Handing a certificate on: the holder offers, the transferee signs off, or it comes back to the holder. */
import { refuse } from '../model/index.ts'
import type {
  LocalDate,
  MemberId,
  MspId,
  Opening,
  RecordId,
  TransferTerms,
} from '../model/index.ts'
import { requireMember } from './caller.ts'
import {
  allParties,
  changeHolder,
  moveCertificate,
  openCertificate,
  requireUnfrozen,
} from './holding.ts'
import type { Held } from './holding.ts'
import type { Transaction } from './transaction.ts'

type OfferSecret = { terms: Opening; to: MemberId; until: LocalDate; reason: string }

/** The transferee's organisation gets the terms it is asked to take, byte for byte. */
export const offerTransfer = async (
  tx: Transaction,
  { id, toMsp }: { id: RecordId; toMsp: MspId },
  { terms: opening, to, until, reason }: OfferSecret,
): Promise<void> => {
  const held = await openCertificate(tx, id, opening)
  const { record, terms } = held
  requireMember(tx.caller, record.holderMsp, terms.holder)
  await requireUnfrozen(tx, held)
  const today = await tx.today()
  if (today >= terms.dueOn || until >= terms.dueOn || until < today) refuse('PAST_DUE')
  if (to === terms.holder || to === terms.obligor) refuse('TRANSFER_TO_SELF')
  moveCertificate(tx, held, 'offerTransfer', { lock: { kind: 'TRANSFER', toMsp } })
  const transfer: TransferTerms = { from: terms.holder, to, until, reason }
  tx.putPrivate('transfer', id, allParties(record, toMsp), transfer)
  if (!held.parties.includes(toMsp)) tx.copyPrivate('receivable', id, toMsp, opening)
}

type TransferSecret = { terms: Opening; transfer: Opening }
/** A certificate under offer: what is offered, and to which organisation. */
export type Offered = { held: Held; transfer: TransferTerms; toMsp: MspId }
const openTransfer = async (
  tx: Transaction,
  id: RecordId,
  secret: TransferSecret,
): Promise<Offered> => {
  const held = await openCertificate(tx, id, secret.terms)
  const { lock } = held.record
  const toMsp = lock?.kind === 'TRANSFER' ? lock.toMsp : undefined
  if (toMsp === undefined)
    return refuse('MOVE_REFUSED', {
      cycle: 'receivable',
      state: held.record.state,
      move: 'signOff',
    })
  const transfer = await tx.open('transfer', id, allParties(held.record, toMsp), secret.transfer)
  return { held, transfer, toMsp }
}

export const signOff = async (
  tx: Transaction,
  { id }: { id: RecordId },
  secret: TransferSecret,
): Promise<void> => {
  const { held, transfer, toMsp } = await openTransfer(tx, id, secret)
  requireMember(tx.caller, toMsp, transfer.to)
  await requireUnfrozen(tx, held)
  if ((await tx.today()) > transfer.until) refuse('OFFER_EXPIRED')
  changeHolder(tx, held, { move: 'signOff', holder: transfer.to, holderMsp: toMsp })
}

type Reversal = {
  move: 'rejectTransfer' | 'recallTransfer' | 'expireTransfer'
  guard: (offered: Offered) => Promise<void> | void
}
/** Back to the holder it came from, and to nobody else. */
export const revertTransfer = async (
  tx: Transaction,
  { id }: { id: RecordId },
  secret: TransferSecret,
  { move, guard }: Reversal,
): Promise<void> => {
  const offered = await openTransfer(tx, id, secret)
  const { held, toMsp } = offered
  await guard(offered)
  moveCertificate(tx, held, move)
  if (!held.parties.includes(toMsp)) tx.deletePrivate('receivable', id, toMsp)
}
