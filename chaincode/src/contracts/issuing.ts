/** From proposal to acceptance: invoices are locked, encumbered or freed with the certificate. */
import {
  canMove,
  certified,
  locked,
  moveTo,
  proposedTerms,
  refuse,
  unlocked,
} from '../model/index.ts'
import type {
  AmountFen,
  Balance,
  HashHex,
  InvoiceState,
  LocalDate,
  MemberId,
  MoveOf,
  MspId,
  Opening,
  ReceivableTerms,
  RecordId,
} from '../model/index.ts'
import { requireMember, requireOrganization, requireSecondPerson } from './caller.ts'
import { moveCertificate, openCertificate, requireUnfrozen } from './holding.ts'
import type { Held } from './holding.ts'
import type { Transaction } from './transaction.ts'

const STEP = 'OFFER'
type Use = { invoiceId: RecordId; amountFen: AmountFen }

/** One used invoice: its state, its balance, and how both change. */
const changeUse = async (
  tx: Transaction,
  input: {
    use: Use
    opening: Opening
    guard?: (state: InvoiceState) => void
    change: (balance: Balance, amount: AmountFen) => Balance
    state: (state: InvoiceState, balance: Balance) => InvoiceState
  },
): Promise<Balance> => {
  const { use, opening } = input
  const state = await tx.state('invoice', use.invoiceId)
  input.guard?.(state)
  const parties = [state.buyerMsp, state.sellerMsp]
  const { salt: _, ...balance } = await tx.open('balance', use.invoiceId, parties, opening)
  const after = input.change(balance, use.amountFen)
  tx.putPrivate('balance', use.invoiceId, parties, after)
  tx.putState('invoice', use.invoiceId, input.state(state, after))
  return after
}

const changeUses = async (
  tx: Transaction,
  uses: readonly Use[],
  openings: readonly Opening[],
  change: Omit<Parameters<typeof changeUse>[1], 'use' | 'opening'>,
): Promise<Balance[]> => {
  if (uses.length !== openings.length)
    refuse('REQUEST_MALFORMED', { path: 'private.balances', expected: `${uses.length} openings` })
  const balances: Balance[] = []
  for (const [index, use] of uses.entries())
    balances.push(await changeUse(tx, { use, opening: openings[index] as Opening, ...change }))
  return balances
}

const requireIssuable = (state: InvoiceState): void => {
  if (state.approval !== 'CONFIRMED' && state.approval !== 'DISPUTED')
    refuse('NOT_MATCHED', { approval: state.approval })
  if (state.tax !== 'UNCHECKED' && state.tax !== 'VALID') refuse('TAX_REFUSED', { tax: state.tax })
}

export type ProposalSecret = {
  terms: { holder: MemberId; dueOn: LocalDate; offerUntil: LocalDate; uses: Use[] }
  balances: Opening[]
}
export type ProposalItem = {
  id: RecordId
  obligorMsp: MspId
  holderMsp: MspId
  invoices: RecordId[]
}

/** Its maker and its checker ask this: the stop may come between the two. */
const requireIssuer = async (tx: Transaction, obligorMsp: MspId): Promise<MemberId> => {
  requireOrganization(tx.caller, obligorMsp)
  const id = tx.caller.memberId ?? refuse('MEMBER_REFUSED')
  const { kind, issueStops = [] } = await tx.state('member', id)
  if (kind !== 'OBLIGOR') refuse('MEMBER_REFUSED', { kind })
  if (issueStops.length > 0) refuse('ISSUE_STOPPED')
  return id
}

const requireOwnInvoices = (balances: readonly Balance[], terms: ReceivableTerms): void => {
  for (const balance of balances)
    if (
      balance.buyer !== terms.obligor ||
      balance.seller !== terms.holder ||
      balance.currency !== terms.currency
    )
      refuse('TERMS_MISMATCH', { what: 'invoice parties' })
}

export const proposeCertificate = async (
  tx: Transaction,
  item: ProposalItem,
  { terms: proposal, balances }: ProposalSecret,
): Promise<void> => {
  const { id, obligorMsp, holderMsp } = item
  const obligor = await requireIssuer(tx, obligorMsp)
  if (obligorMsp === holderMsp) refuse('SAME_ORGANISATION')
  if (proposal.uses.map(use => use.invoiceId).join() !== item.invoices.join())
    refuse('USES_MISMATCH')
  const { version, parameters } = await tx.policy()
  const terms = proposedTerms(
    { ...proposal, obligor, currency: 'CNY' },
    await tx.today(),
    parameters,
  )
  const parties = [obligorMsp, holderMsp]
  const after = await changeUses(tx, terms.uses, balances, {
    guard: state => {
      requireIssuable(state)
      if (state.buyerMsp !== obligorMsp || state.sellerMsp !== holderMsp)
        refuse('TERMS_MISMATCH', { what: 'invoice organisations' })
    },
    change: locked,
    state: state => ({ ...state, use: moveTo('use', state.use, 'lock') }),
  })
  requireOwnInvoices(after, terms)
  const pending = { step: STEP, by: tx.caller.userId, member: obligor }
  await tx.createState(
    'receivable',
    id,
    { state: 'PROPOSED', obligorMsp, holderMsp, root: id, depth: 0, policy: version, pending },
    parties,
  )
  tx.putPrivate('receivable', id, parties, terms)
}

/** The checker names what he has seen; the tenor was checked under the policy still in force. */
export const offerCertificate = async (
  tx: Transaction,
  { id, commitment }: { id: RecordId; commitment: HashHex },
): Promise<void> => {
  const record = await tx.state('receivable', id)
  const obligor = await requireIssuer(tx, record.obligorMsp)
  moveTo('receivable', record.state, 'offer')
  requireSecondPerson(tx.caller, record.pending?.by)
  if (obligor !== record.pending?.member) refuse('MEMBER_REFUSED')
  if (record.policy !== (await tx.policy()).version) refuse('POLICY_VERSION')
  await tx.requireCommitment('receivable', id, [record.obligorMsp, record.holderMsp], commitment)
  moveCertificate(tx, { id, record }, 'offer')
}

export type CertificateSecret = { terms: Opening; balances: Opening[] }

export const acceptCertificate = async (
  tx: Transaction,
  { id }: { id: RecordId },
  { terms, balances }: CertificateSecret,
): Promise<void> => {
  const held = await openCertificate(tx, id, terms)
  requireMember(tx.caller, held.record.holderMsp, held.terms.holder)
  await requireUnfrozen(tx, held)
  if ((await tx.today()) > held.terms.offerUntil) refuse('OFFER_EXPIRED')
  moveCertificate(tx, held, 'accept')
  await changeUses(tx, held.terms.uses, balances, {
    guard: requireIssuable,
    change: certified,
    state: state => ({
      ...state,
      use: moveTo('use', state.use, 'encumber'),
      roots: [...(state.roots ?? []), id],
    }),
  })
}

const freedUse = (state: InvoiceState, balance: Balance): InvoiceState => {
  const move: MoveOf<'use'> =
    balance.lockedFen > 0n ? 'lock' : balance.certifiedFen > 0n ? 'encumber' : 'release'
  return canMove('use', state.use, move) ? { ...state, use: moveTo('use', state.use, move) } : state
}

/** Ends a certificate that was never accepted; its invoices are free again. */
export const cancelCertificate = async (
  tx: Transaction,
  { id }: { id: RecordId },
  { terms, balances }: CertificateSecret,
  cancel: { move: 'reject' | 'withdraw' | 'expire'; guard: (held: Held) => Promise<void> | void },
): Promise<void> => {
  const held = await openCertificate(tx, id, terms)
  await cancel.guard(held)
  moveCertificate(tx, held, cancel.move)
  await changeUses(tx, held.terms.uses, balances, { change: unlocked, state: freedUse })
}

/** The obligor's checker rejects a proposal, the payee an offer. */
export const requireRejecter = (tx: Transaction, { record, terms }: Held): void => {
  if (record.state !== 'PROPOSED') return requireMember(tx.caller, record.holderMsp, terms.holder)
  requireMember(tx.caller, record.obligorMsp, terms.obligor)
  if (!tx.caller.roles.has('checker')) refuse('ROLE_REFUSED', { allowed: ['checker'] })
}
