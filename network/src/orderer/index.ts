/**
 * The orderer: one channel's replica of the PBFT core with its disk, keys and links.
 *
 * The core decides, this shell acts: it decodes and verifies what arrives, signs what the core
 * binds itself to, writes the vote log before anything leaves, assembles Fabric blocks and hands
 * them to the ledger. Imports consensus, proof (reading of blocks) and types of msp; the ledger, the
 * links and the inspection of envelopes come in as ports.
 *
 * Invariants:
 * - a frame leaves after every vote record before it is on disk;
 * - blocks reach the handler in order, none twice, none skipped, one at a time;
 * - whatever a consenter sends is a counted outcome, never an exception.
 */
export { openOrderer } from './orderer.ts'
export { VoteLogError } from './voteLog.ts'
export type {
  Consenter,
  Inspection,
  Orderer,
  OrdererLinks,
  OrdererLog,
  OrdererOptions,
  OrdererStatus,
  OrderingConfig,
  SubmitOutcome,
} from './types.ts'
