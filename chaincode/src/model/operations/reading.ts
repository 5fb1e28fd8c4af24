/** Evaluations. A private value is answered by the peer of the caller's own organisation only. */
import type { MspId } from '../brand.ts'
import { recordKey } from '../records.ts'
import type { PrivateKind, PublicStates } from '../records.ts'
import { operation } from './operation.ts'
import type { Operation } from './operation.ts'

/** Answers the stored JSON text; refused with RECORD_UNKNOWN. Decode with `decodeState`. */
export const state = (kind: keyof PublicStates, id = ''): Operation =>
  operation({ name: 'records:state', request: { key: recordKey(kind, id) }, endorsers: [] })

/** Answers the exact opening held by the own organisation. Decode with `decodePrivate`. */
export const privateValue = (input: { kind: PrivateKind; id: string; ownMsp: MspId }): Operation =>
  operation({
    name: 'records:privateValue',
    request: { key: recordKey(input.kind, input.id) },
    endorsers: [input.ownMsp],
  })

/** Answers the hash (hex) that an organisation's collection holds: the public commitment. */
export const commitment = (input: { kind: PrivateKind; id: string; mspId: MspId }): Operation =>
  operation({
    name: 'records:commitment',
    request: { key: recordKey(input.kind, input.id), mspId: input.mspId },
    endorsers: [],
  })
