/**
 * A small client for administering peers: bind packages, approve and commit chaincode
 * definitions. Applications use fabric-gateway instead.
 *
 * May import `../../msp` and the peer's own wire formats. Invariant: it needs nothing from a peer
 * that an unmodified client could not ask for, save the binding of packages to addresses.
 */
export {
  type Committed,
  type InvokeOptions,
  type PeerAddress,
  PeerCallError,
  PeerConnection,
} from './connection.ts'
export {
  approvalArgs,
  type CollectionEntry,
  collectionSchema,
  commitArgs,
  type DefinitionText,
} from './definition.ts'
export {
  bindPackage,
  committedSequence,
  deployChaincode,
  type DeployOptions,
  type DeployOrganization,
} from './deploy.ts'
export { createProposal, type Proposal, type ProposalOptions, signEnvelope } from './proposal.ts'
