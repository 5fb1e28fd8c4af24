// Verification from bytes: anybody who holds the genesis block of a channel can check blocks,
// transactions and certificates of it, offline, in a browser or in the stand-alone verifier.
//
// - `readTrust` takes the consenters and CA roots out of a configuration block.
// - `verifyBlock` checks data hash and quorum certificate; `verifyLink` consecutive headers;
//   `verifyInclusion` that an envelope stands in a block.
// - `verifyCertificate` checks a certificate against an organisation's CAs.
//
// Imports nothing of ours and nothing of Node.js: @noble/curves and @noble/hashes only.
// Invariants: every answer is a Verdict that names the broken link, bytes never throw; no byte is
// free (what is not signed or hashed is refused); inclusion and order are proven, validity is
// not: the validation flags are each peer's own claim.
export * from './types.ts'
export { verifyCertificate } from './chain.ts'
export { parseCertificate, pemToDer, type Certificate } from './x509.ts'
export { verifyEcdsa } from './ecdsa.ts'
export { readTrust } from './trust.ts'
export {
  verifyBlock,
  verifyBlocks,
  verifyInclusion,
  verifyLink,
  stripClaims,
  type BlockOptions,
  type ProvenChain,
} from './block.ts'
export { blockHeaderBytes, hashHeader, type BlockHeaderFields } from './header.ts'
