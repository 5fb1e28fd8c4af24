import type { peer } from '@hyperledger/fabric-protos'
import type { KeyModification, KeyValue, Rows, Simulation } from '../../ledger/index.ts'

/** What a chaincode execution works on. Callees on the same channel share the simulation. */
export interface TransactionScope {
  readonly channelId: string
  readonly txId: string
  /** The chaincode's own name: the only namespace it can touch. */
  readonly namespace: string
  readonly simulation: Simulation
  /** The proposal as the client signed it; the shim takes creator and transient map from it. */
  readonly proposal: peer.SignedProposal
  /** Runs another chaincode within this transaction; rejects with the text to answer. */
  invoke(target: CallTarget): Promise<peer.ChaincodeMessage>
}

export interface CallTarget {
  readonly chaincode: string
  /** '' for the caller's channel. */
  readonly channelId: string
  readonly input: peer.ChaincodeInput
}

/** Rows being handed out in pages; `next` is already read so that the end is known. */
export interface OpenQuery {
  readonly rows: Rows<KeyValue | KeyModification>
  readonly encode: (row: KeyValue | KeyModification) => Uint8Array
  taken: number
  next: KeyValue | KeyModification | undefined
}

/** One execution in progress on one chaincode stream. */
export interface OpenTransaction {
  readonly scope: TransactionScope
  /** An INIT may not touch private data. */
  readonly isInit: boolean
  readonly queries: Map<string, OpenQuery>
  /** One request at a time: a second one before the answer is dropped, as Fabric does. */
  busy: boolean
  queriesOpened: number
  /** Bytes of keys and values written so far. */
  bytesWritten: number
  finish(message: peer.ChaincodeMessage): void
  fail(reason: string): void
}

export function closeQueries(open: OpenTransaction): void {
  for (const query of open.queries.values()) query.rows.close()
  open.queries.clear()
}
