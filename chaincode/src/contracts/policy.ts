/**
 * Key-level endorsement policies as bytes of common.SignaturePolicyEnvelope.
 *
 * The shim's helper knows only "all of"; the policy record of the network needs "a majority of". The message
 * has three small parts, so it is written here, and a test compares it with the shim's own bytes.
 */
import { bytesField, integerField, joined } from './protobuf.ts'

const utf8 = new TextEncoder()
const PEER_ROLE = 3

// principal_classification ROLE is 0, which proto3 leaves out
const peerOf = (mspId: string): Uint8Array =>
  bytesField(2, bytesField(1, utf8.encode(mspId)), integerField(2, PEER_ROLE))

type Rule = { count: number; rules: readonly (string | Rule)[] }

const namesOf = ({ rules }: Rule): string[] =>
  rules.flatMap(rule => (typeof rule === 'string' ? [rule] : namesOf(rule)))
const ruleBytes = (rule: string | Rule, names: readonly string[]): Uint8Array =>
  typeof rule === 'string'
    ? integerField(1, names.indexOf(rule))
    : bytesField(
        2,
        integerField(1, rule.count),
        ...rule.rules.map(each => bytesField(2, ruleBytes(each, names))),
      )

const envelope = (rule: Rule): Uint8Array => {
  const names = [...new Set(namesOf(rule))].sort()
  const identities = names.map(mspId => bytesField(3, peerOf(mspId)))
  return joined([bytesField(2, ruleBytes(rule, names)), ...identities])
}

const sorted = (organizations: readonly string[]): string[] => [...new Set(organizations)].sort()

/** `count` of the organisations must endorse, each with a peer of its own. */
export const endorsedBy = (organizations: readonly string[], count: number): Uint8Array =>
  envelope({ count, rules: sorted(organizations) })

/** One organisation and at least one of the others: it cannot change the record on its own. */
export const endorsedByOneAndAnother = (
  mspId: string,
  guardians: readonly string[],
): Uint8Array => {
  const others = sorted(guardians).filter(each => each !== mspId)
  return envelope({ count: 2, rules: [mspId, { count: 1, rules: others }] })
}

export const endorsedByAll = (organizations: readonly string[]): Uint8Array =>
  endorsedBy(organizations, new Set(organizations).size)

export const majority = (count: number): number => Math.floor(count / 2) + 1
