/**
 * The document vault.
 *
 * Purpose: a document (an invoice, a statement, a contract) is encrypted under a key of its own,
 * cut into authenticated segments, stored by content address on IPFS, and its key is wrapped once
 * for each organisation that may read it. What is stored reveals nothing but its length.
 *
 * May import: nothing of ours. The vault knows neither ledger nor gateway.
 *
 * Invariants:
 * 1. No plaintext leaves `get` before the segment that holds it has been verified.
 * 2. A truncated, reordered, extended or foreign document is refused, never returned in part as whole.
 * 3. `put` answers only when the content is stored and pinned.
 * 4. Everything that talks to an IPFS node goes through `node.ts`; Kubo and the embedded node are the same to it.
 */
export { createVault, type Vault, type VaultReference, type VaultOptions } from './vault/vault.ts'
export {
  createKeyring,
  generateVaultKey,
  type Keyring,
  type VaultKey,
  type WrappedKey,
} from './vault/keyring.ts'
export { VaultFault, type VaultFaultCode } from './vault/faults.ts'
export { connectIpfs, type IpfsNode } from './vault/node.ts'
export { startEmbeddedIpfs, type EmbeddedIpfs } from './embedded/server.ts'
