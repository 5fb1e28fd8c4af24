/** Who sends a transaction: read from the certificate, never from an argument. */
import type { Context } from 'fabric-contract-api'
import { CATALOGUE, ROLES, refuse, sha256Hex } from '../model/index.ts'
import type { HashHex, MemberId, MspId, OperationName, Role } from '../model/index.ts'

export type Caller = {
  mspId: MspId
  /** Absent for a user who acts for the organisation as a whole. */
  memberId: MemberId | undefined
  roles: ReadonlySet<Role>
  /** Hash of MSP, subject and issuer: the same person after a renewal, another person never. */
  userId: HashHex
}

const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text)

export const callerOf = ({ clientIdentity }: Context): Caller => {
  const mspId = clientIdentity.getMSPID()
  const attribute = clientIdentity.getAttributeValue('role') ?? ''
  const memberId = clientIdentity.getAttributeValue('memberId') ?? undefined
  const roles = new Set(
    attribute
      .split(',')
      .map(each => each.trim())
      .filter(isRole),
  )
  if (roles.size === 0) refuse('CALLER_UNKNOWN', { missing: 'role' })
  return { mspId, memberId, roles, userId: sha256Hex(`${mspId}\n${clientIdentity.getID()}`) }
}

export const requireRole = (caller: Caller, name: OperationName): void => {
  const allowed: readonly Role[] = CATALOGUE[name].roles
  if (!allowed.some(role => caller.roles.has(role))) refuse('ROLE_REFUSED', { allowed })
}

export const requireOrganization = (caller: Caller, ...allowed: readonly MspId[]): void => {
  if (!allowed.includes(caller.mspId)) refuse('ORGANISATION_REFUSED')
}

/** "The member itself": the certificate names the member, and it is of the organisation on record. */
export const requireMember = (caller: Caller, mspId: MspId, memberId: MemberId): void => {
  requireOrganization(caller, mspId)
  if (caller.memberId !== memberId) refuse('MEMBER_REFUSED')
}

export const requireSecondPerson = (caller: Caller, by: HashHex | undefined): void => {
  if (by === undefined) refuse('NOTHING_PENDING')
  if (by === caller.userId) refuse('MAKER_IS_CHECKER')
}

/** A member of an organisation that the policy names as a bank; answers its id. */
export const requireBankMember = (caller: Caller, banks: readonly MspId[]): MemberId => {
  requireOrganization(caller, ...banks)
  return caller.memberId ?? refuse('MEMBER_REFUSED')
}
