// The ledger of one channel on one peer: ordered blocks in, validated state out.
//
// - `openLedger` keeps blocks in append-only files and everything else in one LMDB environment;
//   it recovers by itself from a crash at any moment.
// - `openChain` keeps the blocks alone, for a node that orders and is no peer; `openLedger` on its
//   folder builds the state.
// - `Ledger.commit` checks a block (form, certificate, signatures), judges every transaction in
//   order (ids, endorsement policies, MVCC, phantoms) and writes blocks, state, index, history,
//   private data and savepoint in one transaction.
// - `Ledger.newSimulation` gives an endorser one consistent snapshot and Fabric's read-write set.
//
// May import: src/msp. The verdicts live in rules/: pure functions of the block and the state
// before it, without clock, I/O or chance, so that every replica reaches the same book.
// Invariants: a block is on disk before the tables refer to it; no bytes from outside make it
// throw anything but a coded LedgerFault; private values are kept by members only and only if
// they hash to what the block says.
export * from './types.ts'
export { LedgerFault, isLedgerFault, type LedgerFaultCode } from './fault.ts'
export { openChain } from './chain.ts'
export { openLedger } from './ledger.ts'
export { trustOf } from './trust.ts'
export { TxCode, HeaderType } from './rules/codes.ts'
export {
  headerHash,
  headerBytes,
  isCanonicalEnvelope,
  readBlock,
  isBlockFault,
} from './rules/block.ts'
export { isRefused, readEndorserAction, readEnvelope, transactionIdOf } from './rules/envelope.ts'
export {
  LIFECYCLE,
  definitionWrites,
  fieldKey,
  implicitCollection,
  implicitOrganization,
  metadataKey,
  readDefinition,
  readCollections,
  sequenceKey,
} from './rules/definition.ts'
export { readPrivateSets, readReadWriteSet, writePrivateSets } from './rules/rwset.ts'
