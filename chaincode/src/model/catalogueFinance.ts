/** The catalogue's part for certificates, financing, settlement and reads. */
import type { OperationEntry } from './catalogue.ts'
import { ROLES } from './roles.ts'

const clock = ['operator', 'treasurer'] as const
const holding = 'obligor, holder'
const three = 'obligor, asker, funder'
/** Roles and endorsers that several functions share. */
const ofClock = { roles: clock, endorsers: holding } as const
const ofMember = { roles: ['maker', 'checker'], endorsers: holding } as const
const ofTransfer = { ...ofMember, endorsers: 'obligor, holder, transferee' } as const
const ofRegulator = { roles: ['compliance'], endorsers: 'regulator' } as const

export const FINANCE_CATALOGUE = {
  'receivables:propose': {
    who: 'obligor (the member itself), first person',
    roles: ['maker'],
    endorsers: holding,
    does: 'Proposes up to 100 certificates over confirmed invoices and locks the used amounts.',
    refusals: [
      'ISSUE_STOPPED',
      'TENOR_EXCEEDED',
      'USES_MISMATCH',
      'TERMS_MISMATCH',
      'AMOUNT_EXCEEDS_AVAILABLE',
      'NOT_MATCHED',
      'RECORD_EXISTS',
      'OPENING_WRONG',
    ],
  },
  'receivables:offer': {
    who: 'obligor, second person',
    roles: ['checker'],
    endorsers: holding,
    does: 'Offers proposed certificates to their payees.',
    refusals: ['MAKER_IS_CHECKER', 'ISSUE_STOPPED', 'MOVE_REFUSED', 'OPENING_WRONG'],
  },
  'receivables:accept': {
    who: 'payee (the member itself)',
    ...ofMember,
    does: 'Makes the certificates ACTIVE and the invoices ENCUMBERED.',
    refusals: ['MEMBER_REFUSED', 'OFFER_EXPIRED', 'MOVE_REFUSED', 'RECORD_NOT_AUTHENTIC'],
  },
  'receivables:reject': {
    who: "obligor's checker on PROPOSED, payee on OFFERED",
    ...ofMember,
    does: 'Cancels the certificates and frees the invoices.',
    refusals: ['MEMBER_REFUSED', 'MOVE_REFUSED'],
  },
  'receivables:withdraw': {
    who: 'obligor',
    roles: ['checker'],
    endorsers: holding,
    does: 'Cancels offers that are not accepted and frees the invoices.',
    refusals: ['MEMBER_REFUSED', 'MOVE_REFUSED'],
  },
  'receivables:expire': {
    who: 'a clock of obligor or payee',
    ...ofClock,
    does: 'Cancels offers after their last day.',
    refusals: ['NOT_EXPIRED', 'MOVE_REFUSED'],
  },
  'receivables:split': {
    who: 'holder (the member itself)',
    ...ofMember,
    does: 'Consumes the certificate and makes 2 or more children of the same terms.',
    refusals: ['SPLIT_SUM', 'SPLIT_LIMITS', 'FROZEN', 'MOVE_REFUSED', 'MEMBER_REFUSED', 'PAST_DUE'],
  },
  'receivables:offerTransfer': {
    who: 'holder (the member itself)',
    ...ofTransfer,
    does: 'Locks certificates and offers them to another member.',
    refusals: ['TRANSFER_TO_SELF', 'FROZEN', 'PAST_DUE', 'MOVE_REFUSED', 'MEMBER_REFUSED'],
  },
  'receivables:signOff': {
    who: 'transferee (the member itself)',
    ...ofTransfer,
    does: 'Makes the transferee the holder.',
    refusals: ['MEMBER_REFUSED', 'OFFER_EXPIRED', 'FROZEN', 'MOVE_REFUSED'],
  },
  'receivables:rejectTransfer': {
    who: 'transferee',
    ...ofTransfer,
    does: 'Gives the certificates back to the holder.',
    refusals: ['MEMBER_REFUSED', 'MOVE_REFUSED'],
  },
  'receivables:recallTransfer': {
    who: 'holder',
    ...ofTransfer,
    does: 'Takes an offered transfer back.',
    refusals: ['MEMBER_REFUSED', 'MOVE_REFUSED'],
  },
  'receivables:expireTransfer': {
    who: 'a clock of a party',
    roles: clock,
    endorsers: 'obligor, holder, transferee',
    does: 'Gives the certificates back after the last day of the offer.',
    refusals: ['NOT_EXPIRED', 'MOVE_REFUSED'],
  },
  'receivables:mature': {
    who: 'a clock of obligor or holder',
    ...ofClock,
    does: 'ACTIVE and LOCKED become DUE on the due date, rolled to a business day; open locks lapse.',
    refusals: ['NOT_DUE', 'MOVE_REFUSED'],
  },
  'receivables:overdue': {
    who: 'a clock of obligor or holder',
    ...ofClock,
    does: "Marks unpaid certificates OVERDUE after the grace period and stops the obligor's issuing.",
    refusals: ['WITHIN_GRACE', 'PAID_IN_FULL', 'MOVE_REFUSED', 'OPENING_WRONG'],
  },
  'receivables:proposeFreeze': {
    who: 'regulator, first person',
    ...ofRegulator,
    does: 'Begins a freeze: the certificate stops moving at once; on a root, every descendant.',
    refusals: ['ORGANISATION_REFUSED', 'MOVE_REFUSED', 'RECORD_EXISTS'],
  },
  'receivables:freeze': {
    who: 'regulator, second person',
    ...ofRegulator,
    does: 'Makes the freeze stand.',
    refusals: ['NOTHING_PENDING', 'MAKER_IS_CHECKER', 'ORGANISATION_REFUSED'],
  },
  'receivables:proposeUnfreeze': {
    who: 'regulator, first person',
    ...ofRegulator,
    does: "Proposes to lift a freeze, the regulator's or that of a voided invoice.",
    refusals: ['NOT_FROZEN', 'ORGANISATION_REFUSED'],
  },
  'receivables:unfreeze': {
    who: 'regulator, second person',
    roles: ['compliance'],
    endorsers: 'regulator; obligor and holder where an invoice froze it',
    does: 'Lifts the freeze, or ends one that was only proposed.',
    refusals: ['NOTHING_PENDING', 'MAKER_IS_CHECKER', 'ORGANISATION_REFUSED'],
  },
  'financing:request': {
    who: 'holder (the member itself)',
    roles: ['maker', 'checker'],
    endorsers: 'obligor, asker, every invited bank',
    does: 'Locks the certificate and shows face, due date and recourse to the invited banks.',
    refusals: ['FROZEN', 'PAST_DUE', 'MOVE_REFUSED', 'MEMBER_REFUSED', 'RECORD_EXISTS'],
  },
  'financing:bid': {
    who: 'an invited bank (a funder member)',
    roles: ['maker', 'checker', 'treasurer'],
    endorsers: 'bank, asker',
    does: 'Places a sealed bid; the price is computed and checked.',
    refusals: [
      'REQUEST_NOT_OPEN',
      'NOT_INVITED',
      'PRICE_MISMATCH',
      'OPENING_WRONG',
      'OFFER_EXPIRED',
    ],
  },
  'financing:withdrawBid': {
    who: 'the funder of the bid',
    roles: ['maker', 'checker', 'treasurer'],
    endorsers: 'bank, asker',
    does: 'Takes a bid back before acceptance.',
    refusals: ['MOVE_REFUSED', 'MEMBER_REFUSED'],
  },
  'financing:acceptBid': {
    who: 'asker (the member itself)',
    roles: ['maker', 'checker'],
    endorsers: 'bank, asker',
    does: 'Chooses one bid; its bank gets the terms, and the request is closed to others.',
    refusals: ['REQUEST_NOT_OPEN', 'MOVE_REFUSED', 'OPENING_WRONG', 'MEMBER_REFUSED'],
  },
  'financing:notify': {
    who: 'the chosen funder',
    roles: ['maker', 'checker', 'treasurer', 'operator'],
    endorsers: three,
    does: 'Notice of assignment with registration number and search snapshot, append-only.',
    refusals: ['REQUEST_NOT_OPEN', 'REGISTRATION_MISSING', 'RECORD_EXISTS'],
  },
  'financing:acknowledge': {
    who: 'obligor (the member itself)',
    roles: ['checker', 'maker'],
    endorsers: three,
    does: 'Acknowledges the notice.',
    refusals: ['MEMBER_REFUSED', 'MOVE_REFUSED', 'OPENING_WRONG'],
  },
  'financing:payOut': {
    who: "the chosen funder's bank",
    roles: ['treasurer', 'operator'],
    endorsers: 'bank, asker',
    does: 'Shows that an attested entry paid exactly the net price to the asker, when or after it was due.',
    refusals: ['EVIDENCE_WRONG', 'NOTICE_MISSING', 'REQUEST_NOT_OPEN', 'OPENING_WRONG'],
  },
  'financing:close': {
    who: 'the chosen funder, or the asker (the member itself), who holds the terms',
    roles: ['maker', 'checker', 'treasurer', 'operator'],
    endorsers: three,
    does: 'Makes the funder the holder.',
    refusals: ['REQUEST_NOT_OPEN', 'NOTICE_MISSING', 'FROZEN', 'RECORD_NOT_AUTHENTIC'],
  },
  'financing:decline': {
    who: 'asker while OPEN, chosen funder while ACCEPTED',
    roles: ['maker', 'checker', 'treasurer'],
    endorsers: holding,
    does: 'Ends the request; the certificate is free again.',
    refusals: ['MEMBER_REFUSED', 'MOVE_REFUSED'],
  },
  'financing:expire': {
    who: 'a clock of a party',
    ...ofClock,
    does: 'Ends a request without acceptance after its last day.',
    refusals: ['NOT_EXPIRED', 'MOVE_REFUSED'],
  },
  'settlement:attest': {
    who: 'the bank that booked the entries',
    roles: ['treasurer', 'operator'],
    endorsers: 'bank, payer, payee',
    does: 'Records up to 100 statement entries as evidence, each once.',
    refusals: ['RECORD_EXISTS', 'AMOUNT_NOT_POSITIVE', 'ORGANISATION_REFUSED'],
  },
  'settlement:settle': {
    who: "the attesting bank, or the obligor with the bank's attested payment",
    roles: ['treasurer', 'operator'],
    endorsers: 'bank, obligor, the payee of the entry, banks that paid on the roots before',
    does: 'Puts an attested payment on up to 50 roots.',
    refusals: [
      'ATTESTOR_REFUSED',
      'ALLOCATION_EXCEEDS_PAYMENT',
      'SETTLEMENT_EXCEEDS_FACE',
      'EVIDENCE_WRONG',
      'NOT_DUE',
    ],
  },
  'settlement:share': {
    who: 'the obligor, or a bank that put a payment on the root',
    roles: ['treasurer', 'operator'],
    endorsers: holding,
    does: 'Shows what was paid on a root to the organisation that holds the leaf; up to 100 leaves.',
    refusals: ['RECORD_NOT_AUTHENTIC', 'ORGANISATION_REFUSED', 'OPENING_WRONG'],
  },
  'settlement:collect': {
    who: "holder, its clock, or the obligor's bank",
    roles: ['treasurer', 'operator', 'maker', 'checker'],
    endorsers: holding,
    does: 'Pays up to 100 leaves their share of what came in on their roots.',
    refusals: ['NOTHING_TO_COLLECT', 'FROZEN', 'MOVE_REFUSED', 'RECORD_NOT_AUTHENTIC'],
  },
  'records:state': {
    who: 'any registered organisation',
    roles: ROLES,
    endorsers: 'evaluate',
    does: 'Reads one public state.',
    refusals: ['RECORD_UNKNOWN'],
  },
  'records:privateValue': {
    who: 'the organisation of the peer',
    roles: ROLES,
    endorsers: 'evaluate on the own peer',
    does: 'Reads one private value of the own organisation.',
    refusals: ['FOREIGN_PEER', 'RECORD_UNKNOWN'],
  },
  'records:commitment': {
    who: 'any registered organisation',
    roles: ROLES,
    endorsers: 'evaluate',
    does: "Reads the hash that an organisation's collection holds.",
    refusals: ['RECORD_UNKNOWN'],
  },
} as const satisfies Record<`${string}:${string}`, OperationEntry>
