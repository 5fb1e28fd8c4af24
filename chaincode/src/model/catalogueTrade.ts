/** The catalogue's part for members, trade, reconciliation and confirmation. */
import type { OperationEntry } from './catalogue.ts'

const docs = ['maker', 'operator'] as const
const buyerSeller = 'buyer, seller'
const holding = 'obligor, holder'
/** Roles and endorsers that several functions share. */
const ofDocuments = { roles: docs, endorsers: buyerSeller } as const
const ofChecker = { roles: ['checker'], endorsers: buyerSeller } as const

export const TRADE_CATALOGUE = {
  'members:setUp': {
    who: 'any guardian, once',
    roles: ['operator'],
    endorsers: 'all guardians',
    does: 'Writes the first policy and the guardians (member organisations).',
    refusals: ['POLICY_EXISTS'],
  },
  'members:proposePolicy': {
    who: 'a guardian, first person',
    roles: ['operator', 'compliance'],
    endorsers: 'any two',
    does: 'Proposes a policy version, a calendar offset (pilot only), or both.',
    refusals: ['POLICY_VERSION', 'DAY_BACKWARDS'],
  },
  'members:adoptPolicy': {
    who: 'a guardian, second person',
    roles: ['operator', 'compliance'],
    endorsers: 'majority of the guardians',
    does: 'Adopts exactly the proposed change.',
    refusals: ['NOTHING_PENDING', 'MAKER_IS_CHECKER', 'REQUEST_MALFORMED'],
  },
  'members:register': {
    who: 'the organisation of the members',
    roles: ['operator'],
    endorsers: 'own organisation (if it has a peer), one more',
    does: 'Registers up to 50 pseudonyms with their kind.',
    refusals: ['RECORD_EXISTS'],
  },
  'members:setStatus': {
    who: 'the organisation of the member',
    roles: ['operator'],
    endorsers: 'own organisation, one more',
    does: 'Suspends a member or makes it active again.',
    refusals: ['RECORD_UNKNOWN', 'ORGANISATION_REFUSED'],
  },
  'members:liftIssueStop': {
    who: 'the holder of the certificate that stopped the issuing',
    roles: ['operator', 'checker', 'treasurer'],
    endorsers: holding,
    does: 'Lifts the issue stop after that certificate is redeemed.',
    refusals: ['MOVE_REFUSED'],
  },
  'trade:submitOrders': {
    who: 'buyer',
    ...ofDocuments,
    does: 'Records up to 100 orders.',
    refusals: ['RECORD_EXISTS', 'DOCUMENT_INCONSISTENT', 'SAME_ORGANISATION'],
  },
  'trade:submitDespatches': {
    who: 'seller, or a carrier',
    ...ofDocuments,
    does: 'Records up to 100 despatch advices.',
    refusals: ['RECORD_EXISTS', 'DOCUMENT_INCONSISTENT'],
  },
  'trade:submitReceipts': {
    who: 'buyer',
    ...ofDocuments,
    does: 'Records up to 100 receipts; a return has negative quantities.',
    refusals: ['RECORD_EXISTS', 'DOCUMENT_INCONSISTENT'],
  },
  'trade:submitInvoices': {
    who: 'seller',
    ...ofDocuments,
    does: 'Records up to 100 invoices and sets their fingerprints once.',
    refusals: [
      'RECORD_EXISTS',
      'INVOICE_DUPLICATE',
      'DOCUMENT_INCONSISTENT',
      'CREDIT_CODE_INVALID',
      'KEY_WRONG',
    ],
  },
  'trade:submitCreditNotes': {
    who: 'seller',
    ...ofDocuments,
    does: 'Records credit notes and takes them off the free part of matched invoices.',
    refusals: ['RECORD_EXISTS', 'CREDIT_EXCEEDS_AVAILABLE', 'OPENING_WRONG'],
  },
  'trade:checkTax': {
    who: 'buyer or seller; of an invoice with certificates only the seller or a regulator calls it void',
    roles: ['operator', 'compliance'],
    endorsers: 'buyer, seller, and the holders of the root certificates',
    does: "Records the tax office's answer; all but VALID freeze every certificate over it.",
    refusals: ['RECORD_UNKNOWN', 'MOVE_REFUSED', 'ORGANISATION_REFUSED', 'MEMBER_REFUSED'],
  },
  'reconciliation:setRules': {
    who: 'buyer',
    roles: ['operator', 'checker'],
    endorsers: buyerSeller,
    does: 'Sets a version of the limits for one buyer, seller and category.',
    refusals: ['POLICY_VERSION'],
  },
  'reconciliation:match': {
    who: 'buyer',
    ...ofDocuments,
    does: 'Judges up to 100 invoices: MATCHED, WITHIN_TOLERANCE or EXCEPTION with codes.',
    refusals: [
      'OPENING_WRONG',
      'MATCH_PARTIES',
      'RECEIPT_COUNTED',
      'MOVE_REFUSED',
      'TAX_REFUSED',
      'RULES_NOT_IN_FORCE',
    ],
  },
  'reconciliation:proposeOverride': {
    who: 'buyer, first person',
    roles: ['maker', 'checker'],
    endorsers: buyerSeller,
    does: 'Proposes the amount to accept in spite of an exception.',
    refusals: ['MOVE_REFUSED', 'AMOUNT_EXCEEDS_ELIGIBLE', 'OPENING_WRONG'],
  },
  'reconciliation:override': {
    who: 'buyer, second person',
    ...ofChecker,
    does: 'Accepts the proposed amount; the quantities count as invoiced.',
    refusals: ['NOTHING_PENDING', 'MAKER_IS_CHECKER', 'OPENING_WRONG'],
  },
  'reconciliation:reject': {
    who: 'buyer',
    ...ofChecker,
    does: 'Refuses an invoice in EXCEPTION for good.',
    refusals: ['MOVE_REFUSED'],
  },
  'reconciliation:allocatePayments': {
    who: 'buyer or seller',
    roles: ['maker', 'operator', 'treasurer'],
    endorsers: buyerSeller,
    does: 'Puts up to 100 attested payments on up to 50 invoices each.',
    refusals: [
      'ALLOCATION_EXCEEDS_PAYMENT',
      'AMOUNT_EXCEEDS_AVAILABLE',
      'SHORT_PAY_REASON',
      'EVIDENCE_WRONG',
      'OPENING_WRONG',
    ],
  },
  'confirmation:propose': {
    who: 'buyer (the member itself), first person',
    roles: ['maker'],
    endorsers: buyerSeller,
    does: 'Proposes the confirmed amount of up to 100 matched invoices.',
    refusals: ['NOT_MATCHED', 'AMOUNT_EXCEEDS_ELIGIBLE', 'OPENING_WRONG', 'MEMBER_REFUSED'],
  },
  'confirmation:confirm': {
    who: 'buyer, second person',
    ...ofChecker,
    does: 'Confirms what the maker proposed, named by its commitment.',
    refusals: ['NOTHING_PENDING', 'MAKER_IS_CHECKER', 'OPENING_WRONG', 'ORGANISATION_REFUSED'],
  },
  'confirmation:reject': {
    who: 'buyer',
    ...ofChecker,
    does: 'Refuses up to 100 invoices for good.',
    refusals: ['MOVE_REFUSED'],
  },
} as const satisfies Record<`${string}:${string}`, OperationEntry>
