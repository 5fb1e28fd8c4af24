/** The receivable certificate from proposal to maturity. Every certificate key belongs to obligor and holder. */
import { Contract } from 'fabric-contract-api'
import type { Context } from 'fabric-contract-api'
import { addDays, maturesOn, refuse, splitTerms } from '../model/index.ts'
import type { AmountFen, Opening, ReceivableRecord, RecordId } from '../model/index.ts'
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
import { requireMember, requireOrganization } from './caller.ts'
import { execute, executeBatch } from './execute.ts'
import {
  answerSecret,
  freeze,
  freezeShape,
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
import { offerTransfer, rejectTransfer, revertTransfer, signOff } from './transferring.ts'
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
const withTerms = object({ terms: opening })
const overdueSecret = object({ terms: opening, settlement: optional(opening) })
const transferSecret = object({ terms: opening, transfer: opening })

const requireBeforeDue = async (tx: Transaction, { terms }: Held): Promise<void> => {
  if ((await tx.today()) >= terms.dueOn) refuse('PAST_DUE')
}

const splitCertificate = async (
  tx: Transaction,
  { id, children }: { id: RecordId; children: RecordId[] },
  secret: { terms: Opening; faces: AmountFen[] },
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

export class ReceivablesContract extends Contract {
  constructor() {
    super('receivables')
  }

  async propose(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      {
        ctx,
        name: 'receivables:propose',
        text: request,
        item: proposeItem,
        secret: proposeSecret,
      },
      proposeCertificate,
    )
  }

  async offer(ctx: Context, request: string): Promise<string> {
    const item = object({ id: recordId, commitment: hash })
    return executeBatch({ ctx, name: 'receivables:offer', text: request, item }, offerCertificate)
  }

  async accept(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      { ctx, name: 'receivables:accept', text: request, item: byId, secret: withBalances },
      acceptCertificate,
    )
  }

  async reject(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      { ctx, name: 'receivables:reject', text: request, item: byId, secret: withBalances },
      (tx, item, secret) =>
        cancelCertificate(tx, item, secret, {
          move: 'reject',
          guard: held => requireRejecter(tx, held),
        }),
    )
  }

  async withdraw(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      { ctx, name: 'receivables:withdraw', text: request, item: byId, secret: withBalances },
      (tx, item, secret) =>
        cancelCertificate(tx, item, secret, {
          move: 'withdraw',
          guard: ({ record, terms }) => requireMember(tx.caller, record.obligorMsp, terms.obligor),
        }),
    )
  }

  async expire(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      { ctx, name: 'receivables:expire', text: request, item: byId, secret: withBalances },
      (tx, item, secret) =>
        cancelCertificate(tx, item, secret, {
          move: 'expire',
          guard: async ({ parties, terms }) => {
            requireOrganization(tx.caller, ...parties)
            if ((await tx.today()) <= terms.offerUntil) refuse('NOT_EXPIRED')
          },
        }),
    )
  }

  async split(ctx: Context, request: string): Promise<string> {
    const shape = object({ id: recordId, children: list(recordId, { max: 50 }) })
    const secret = object({ seed, terms: opening, faces: list(positiveAmount, { max: 50 }) })
    return execute({ ctx, name: 'receivables:split', text: request, shape }, async (tx, input) =>
      splitCertificate(tx, input, tx.secret(secret)),
    )
  }

  async offerTransfer(ctx: Context, request: string): Promise<string> {
    const item = object({ id: recordId, toMsp: mspId })
    const secret = object({ terms: opening, to: memberId, until: day, reason: text(200, 0) })
    return executeBatch(
      { ctx, name: 'receivables:offerTransfer', text: request, item, secret },
      offerTransfer,
    )
  }

  async signOff(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      { ctx, name: 'receivables:signOff', text: request, item: byId, secret: transferSecret },
      signOff,
    )
  }

  async rejectTransfer(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      {
        ctx,
        name: 'receivables:rejectTransfer',
        text: request,
        item: byId,
        secret: transferSecret,
      },
      rejectTransfer,
    )
  }

  async recallTransfer(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      {
        ctx,
        name: 'receivables:recallTransfer',
        text: request,
        item: byId,
        secret: transferSecret,
      },
      (tx, item, secret) =>
        revertTransfer(tx, item, secret, {
          move: 'recallTransfer',
          guard: ({ record, terms }) => requireMember(tx.caller, record.holderMsp, terms.holder),
        }),
    )
  }

  async expireTransfer(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      {
        ctx,
        name: 'receivables:expireTransfer',
        text: request,
        item: byId,
        secret: transferSecret,
      },
      (tx, item, secret) =>
        revertTransfer(tx, item, secret, {
          move: 'expireTransfer',
          guard: async ({ parties }, transfer) => {
            requireOrganization(tx.caller, ...parties)
            if ((await tx.today()) <= transfer.until) refuse('NOT_EXPIRED')
          },
        }),
    )
  }

  async mature(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      { ctx, name: 'receivables:mature', text: request, item: byId, secret: withTerms },
      matureCertificate,
    )
  }

  async overdue(ctx: Context, request: string): Promise<string> {
    return executeBatch(
      { ctx, name: 'receivables:overdue', text: request, item: byId, secret: overdueSecret },
      overdueCertificate,
    )
  }

  async proposeFreeze(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'receivables:proposeFreeze', text: request, shape: freezeShape },
      async (tx, input) => proposeFreeze(tx, input, tx.secret(orderSecret)),
    )
  }

  async freeze(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'receivables:freeze', text: request, shape: freezeShape },
      async (tx, input) => freeze(tx, input, tx.secret(answerSecret)),
    )
  }

  async proposeUnfreeze(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'receivables:proposeUnfreeze', text: request, shape: freezeShape },
      async (tx, input) => proposeUnfreeze(tx, input, tx.secret(liftSecret)),
    )
  }

  async unfreeze(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'receivables:unfreeze', text: request, shape: freezeShape },
      async (tx, input) => unfreeze(tx, input, tx.secret(answerSecret)),
    )
  }
}
