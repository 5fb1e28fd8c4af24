/**
 * Key-level endorsement policies as bytes of common.SignaturePolicyEnvelope.
 *
 * The shim's helper knows only "all of"; the policy record of the network needs "a majority of". The message
 * has three small parts, so it is written here, and a test compares it with the shim's own bytes.
 */

const utf8 = new TextEncoder()
const PEER_ROLE = 3

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
const field = (number: number, body: readonly number[]): number[] => [
  (number << 3) | 2,
  ...varint(body.length),
  ...body,
]
const integer = (number: number, value: number): number[] => [number << 3, ...varint(value)]

const peerOf = (mspId: string): number[] => {
  const role = [...field(1, [...utf8.encode(mspId)]), ...integer(2, PEER_ROLE)]
  return field(2, role) // principal_classification ROLE is 0, which proto3 leaves out
}

/** `count` of the organisations must endorse, each with a peer of its own. */
export const endorsedBy = (organizations: readonly string[], count: number): Uint8Array => {
  const sorted = [...new Set(organizations)].sort()
  const rules = sorted.flatMap((_, index) => field(2, integer(1, index)))
  const nOutOf = [...integer(1, count), ...rules]
  const identities = sorted.flatMap(mspId => field(3, peerOf(mspId)))
  return Uint8Array.from([...field(2, field(2, nOutOf)), ...identities])
}

export const endorsedByAll = (organizations: readonly string[]): Uint8Array =>
  endorsedBy(organizations, new Set(organizations).size)

export const majority = (count: number): number => Math.floor(count / 2) + 1
