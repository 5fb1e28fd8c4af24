/** Policy of the network and its members. Nothing here is private. */
import type { MemberId, MspId } from '../brand.ts'
import type { PolicyChange, PolicyVersion } from '../policy.ts'
import type { MemberKind } from '../records.ts'
import { operation } from './operation.ts'
import type { Operation } from './operation.ts'

/** Once, at bring-up, endorsed by every guardian. */
export const setUp = (input: {
  guardians: readonly MspId[]
  /** Organisations that may attest payments and fund, freeze, attest despatches: nobody else may. */
  banks: readonly MspId[]
  regulators: readonly MspId[]
  carriers: readonly MspId[]
  calendarOffsetDays: number
  policy: PolicyVersion
}): Operation => operation({ name: 'members:setUp', request: input, endorsers: input.guardians })

/** First person. `endorsers`: any two organisations of the chaincode policy. */
export const proposePolicy = (input: {
  change: PolicyChange
  endorsers: readonly MspId[]
}): Operation =>
  operation({
    name: 'members:proposePolicy',
    request: { change: input.change },
    endorsers: input.endorsers,
  })

/** Second person, who states what he adopts. `endorsers`: a majority of the guardians. */
export const adoptPolicy = (input: {
  change: PolicyChange
  endorsers: readonly MspId[]
}): Operation =>
  operation({
    name: 'members:adoptPolicy',
    request: { change: input.change },
    endorsers: input.endorsers,
  })

export type NewMember = { memberId: MemberId; kind: MemberKind; settlementMsps?: readonly MspId[] }
/** Of the caller's own organisation. `endorsers`: that organisation (if it has a peer) and one more. */
export const register = (input: {
  members: readonly NewMember[]
  endorsers: readonly MspId[]
}): Operation =>
  operation({
    name: 'members:register',
    request: { members: input.members },
    endorsers: input.endorsers,
  })

export const setStatus = (input: {
  memberId: MemberId
  status: 'ACTIVE' | 'SUSPENDED'
  endorsers: readonly MspId[]
}): Operation => {
  const { endorsers, ...request } = input
  return operation({ name: 'members:setStatus', request, endorsers })
}
/** After the obligor has paid what was overdue. Endorsed by the obligor's and the last holder's organisation. */
export const liftIssueStop = (input: {
  memberId: MemberId
  receivableId: string
  endorsers: readonly MspId[]
}): Operation => {
  const { endorsers, ...request } = input
  return operation({ name: 'members:liftIssueStop', request, endorsers })
}
