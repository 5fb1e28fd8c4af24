// The membership service of a channel: who may speak for which organisation, and which sets of
// them satisfy a policy.
//
// - `readChannelConfig` turns a configuration block of Fabric v3 into plain data,
//   `buildGenesisBlock` writes one in the same structure.
// - `createMsp` validates identities (chain, NodeOU role, revocation list) and signatures.
// - `compilePolicy` and `compileApplicationPolicy` evaluate policies with Fabric's semantics.
// - `authority/` is the certificate authority of a network that brings its own.
//
// May import: src/proof (the shared X.509 reader). Invariants: validation reads no clock, so
// every replica reaches one verdict; a signature with high S is refused; signed bytes are
// verified as received and never re-serialised; caches are bounded and live in one process.
// First of all, since nothing may be read before it: no message claims more bytes than it has.
import './message-bounds.ts'
export * from './types.ts'
export { createMsp, hasExpired, isMspFault } from './registry.ts'
export { createSigner, serializeIdentity, toLowS } from './signer.ts'
export { readChannelConfig, configOf } from './channel-config.ts'
export {
  buildGenesisBlock,
  type ChannelDefinition,
  type OrganizationDefinition,
  type ConsenterDefinition,
} from './genesis.ts'
export { parsePolicyText, PolicySyntaxError, signedByRole } from './policy-text.ts'
export { compilePolicy, compileApplicationPolicy, compileChannelPolicy } from './policy.ts'
export { blockHeaderBytes, type BlockHeaderFields } from '../proof/header.ts'
export { MspError, type MspErrorCode } from './errors.ts'
export {
  createNetworkCrypto,
  issueCertificate,
  issueTlsCertificate,
  type CryptoDefinition,
  type CryptoOrganization,
  type EnrolmentRequest,
} from './enrolment.ts'
