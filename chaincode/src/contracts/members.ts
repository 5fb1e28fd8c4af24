/** Policy of the network and its members: pseudonyms, organisations, suspensions. */
import { MEMBER_KINDS, canonicalJson, policyOn, refuse } from '../model/index.ts'
import type { MemberState, PolicyChange, PolicyState } from '../model/index.ts'
import {
  integer,
  list,
  memberId,
  mspId,
  object,
  oneOf,
  optional,
  recordId,
} from '../model/shape.ts'
import { policyChangeShape, policyVersionShape } from '../model/shapes.ts'
import { thePolicy } from './ahead.ts'
import { requireOrganization, requireSecondPerson } from './caller.ts'
import { contractOf, single } from './contract.ts'
import { endorsedBy, endorsedByOneAndAnother, majority } from './policy.ts'
import type { Transaction } from './transaction.ts'

const setUpShape = object({
  guardians: list(mspId, { min: 1, max: 50 }),
  banks: list(mspId, { max: 50 }),
  regulators: list(mspId, { max: 50 }),
  carriers: list(mspId, { max: 50 }),
  calendarOffsetDays: integer(0, 36_600),
  policy: policyVersionShape,
})
const changeShape = object({ change: policyChangeShape })
const registerShape = object({
  members: list(
    object({
      memberId,
      kind: oneOf(MEMBER_KINDS),
      settlementMsps: optional(list(mspId, { max: 20 })),
    }),
    { min: 1, max: 50 },
  ),
})
const statusShape = object({ memberId, status: oneOf(['ACTIVE', 'SUSPENDED']) })
const liftShape = object({ memberId, receivableId: recordId })

/** Versions and offsets only go forward. The last two versions are kept: in force, and announced. */
const changed = (state: PolicyState, change: PolicyChange): PolicyState => {
  const last = state.versions.at(-1)
  const { version, calendarOffsetDays = state.calendarOffsetDays } = change
  const follows =
    version === undefined ||
    last === undefined ||
    (version.version > last.version && version.effectiveFrom >= last.effectiveFrom)
  if (!follows) refuse('POLICY_VERSION')
  if (calendarOffsetDays < state.calendarOffsetDays) refuse('DAY_BACKWARDS')
  const versions = version === undefined ? state.versions : [...state.versions.slice(-2), version]
  return { ...state, calendarOffsetDays, versions }
}

/** Kinds that speak for others (evidence, freezes) are for the organisations the policy names. */
const requireKind = (state: PolicyState, kind: MemberState['kind'], own: string): void => {
  const named: Partial<Record<MemberState['kind'], readonly string[]>> = {
    FUNDER: state.banks,
    REGULATOR: state.regulators,
    CARRIER: state.carriers,
  }
  if (named[kind]?.includes(own) === false) refuse('ORGANISATION_REFUSED', { kind })
}

/** Only the organisation of the members registers them; the certificate authority is the same. */
const registerMembers = async (
  tx: Transaction,
  members: { memberId: string; kind: MemberState['kind']; settlementMsps?: string[] }[],
): Promise<void> => {
  const { mspId: own } = tx.caller
  const policy = await tx.policyState()
  for (const { memberId: id, ...member } of members) {
    requireKind(policy, member.kind, own)
    const state: MemberState = { mspId: own, status: 'ACTIVE', ...member }
    if ((await tx.findState('member', id)) !== undefined) refuse('RECORD_EXISTS', { memberId: id })
    tx.putState('member', id, state)
    // an organisation without a peer cannot endorse; its records stay under the chaincode's policy
    if (policy.guardians.includes(own))
      tx.protect('member', id, endorsedByOneAndAnother(own, policy.guardians))
  }
}

const setUp = async (tx: Transaction, input: ReturnType<typeof setUpShape>): Promise<void> => {
  if ((await tx.findState('policy', '')) !== undefined) refuse('POLICY_EXISTS')
  requireOrganization(tx.caller, ...input.guardians)
  const { policy, ...state } = input
  tx.putState('policy', '', { ...state, versions: [policy] })
  tx.protect('policy', '', endorsedBy(input.guardians, majority(input.guardians.length)))
}

const proposePolicy = async (
  tx: Transaction,
  { change }: ReturnType<typeof changeShape>,
): Promise<void> => {
  const state = await tx.policyState()
  requireOrganization(tx.caller, ...state.guardians)
  changed(state, change)
  const { userId: by, mspId } = tx.caller
  tx.putState('proposal', '', { change, by, mspId })
}

const adoptPolicy = async (
  tx: Transaction,
  { change }: ReturnType<typeof changeShape>,
): Promise<void> => {
  const state = await tx.policyState()
  requireOrganization(tx.caller, ...state.guardians)
  const proposal = (await tx.findState('proposal', '')) ?? refuse('NOTHING_PENDING')
  requireSecondPerson(tx.caller, proposal.by)
  // The policy is everybody's: two persons of one organisation do not change it.
  if (tx.caller.mspId === proposal.mspId) refuse('ORGANISATION_REFUSED')
  if (canonicalJson(proposal.change) !== canonicalJson(change))
    refuse('REQUEST_MALFORMED', { path: 'change', expected: 'the proposed change' })
  const next = changed(state, change)
  policyOn(next.versions, await tx.today())
  tx.putState('policy', '', next)
  tx.deleteState('proposal', '')
}

const setStatus = async (
  tx: Transaction,
  { memberId: id, status }: ReturnType<typeof statusShape>,
): Promise<void> => {
  const member = await tx.state('member', id)
  requireOrganization(tx.caller, member.mspId)
  tx.putState('member', id, { ...member, status })
}

const liftIssueStop = async (
  tx: Transaction,
  { memberId: id, receivableId }: ReturnType<typeof liftShape>,
): Promise<void> => {
  const { issueStops = [], ...member } = await tx.state('member', id)
  const { state, holderMsp, obligorMsp } = await tx.state('receivable', receivableId)
  requireOrganization(tx.caller, holderMsp, obligorMsp)
  if (state !== 'REDEEMED' || !issueStops.includes(receivableId))
    refuse('MOVE_REFUSED', { cycle: 'receivable', state, move: 'liftIssueStop' })
  const left = issueStops.filter(each => each !== receivableId)
  tx.putState('member', id, { ...member, ...(left.length > 0 ? { issueStops: left } : {}) })
}

export const MembersContract = contractOf('members', {
  setUp: single({ request: setUpShape }, setUp),
  proposePolicy: single({ request: changeShape }, proposePolicy),
  adoptPolicy: single({ request: changeShape }, adoptPolicy),
  register: single(
    {
      request: registerShape,
      reads: ({ members }) => [
        thePolicy,
        ...members.map(each => ['member', each.memberId] as const),
      ],
    },
    (tx, { members }) => registerMembers(tx, members),
  ),
  setStatus: single({ request: statusShape }, setStatus),
  liftIssueStop: single({ request: liftShape }, liftIssueStop),
})
