/**
 * The peer: runs chaincode, endorses proposals, serves Fabric's client protocol.
 *
 * May import `../msp` and `../ledger`; reaches the orderers and the other peers through the ports
 * in types.ts, which the node implements.
 *
 * Invariants
 * - What is signed or hashed is used as received, never re-serialised first.
 * - Whatever arrives is decoded defensively: bad bytes become a coded answer, never an exception
 *   that leaves the request.
 * - Private values leave this process only towards a member organisation of their collection.
 * - A chaincode process can hurt its own transactions only: its stream breaks, they fail, the next
 *   call dials again.
 */
export type * from './types.ts'
export { createPeer, DEFAULT_LIMITS } from './peer.ts'
export { createInspector, type InspectorOptions } from './endorser/inspect.ts'
