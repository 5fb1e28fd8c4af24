/** Signs this replica's statements and verifies those of the others. */
import {
  createPublicKey,
  randomBytes,
  verify as verifySignature,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import type {
  Ballot,
  Certificate,
  Header,
  Message,
  ReplicaId,
  ViewChange,
} from '../consensus/index.ts'
import { hasLowS, type Curve } from '../proof/ecdsa.ts'
import { COMMIT_NONCE_BYTES, identifierHeader, metadataValue, splitProof } from './block.ts'
import { writeClaim } from './codec.ts'
import { digestOf, headerBytes } from './digests.ts'
import type { OrderingConfig } from './types.ts'
import { Writer } from './wire.ts'

/** View changes found valid, by digest: a leader's proof repeats what was heard before. */
const CACHE_MAX = 256
const CURVES: Readonly<Record<string, Curve>> = { prime256v1: 'P-256', secp384r1: 'P-384' }

interface ConsenterKey {
  readonly key: KeyObject
  readonly curve: Curve
}

export class Notary {
  private readonly config: OrderingConfig
  private readonly self: ReplicaId
  private readonly signer: { sign(message: Uint8Array): Uint8Array }
  private readonly keys = new Map<ReplicaId, ConsenterKey>()
  private readonly checked = new Set<string>()

  constructor(
    config: OrderingConfig,
    self: ReplicaId,
    signer: { sign(message: Uint8Array): Uint8Array },
  ) {
    this.config = config
    this.self = self
    this.signer = signer
    for (const { id, identityPem } of config.consenters) this.keys.set(id, readKey(identityPem))
  }

  sign(ballot: Ballot): Message {
    if (ballot.kind !== 'commit') {
      return { ...ballot, proof: this.signer.sign(this.statement(ballot)) }
    }
    const nonce = randomBytes(COMMIT_NONCE_BYTES)
    const signature = this.signer.sign(this.commitBytes(ballot, this.self, nonce))
    return { ...ballot, proof: Buffer.concat([nonce, signature]) }
  }

  /** Whether `signer` made this vote. Low S only: a peer would refuse the block otherwise. */
  isVote(
    signer: ReplicaId,
    ballot: Exclude<Ballot, { kind: 'viewChange' | 'newView' }>,
    proof: Uint8Array,
  ): boolean {
    if (ballot.kind === 'prepare') return this.isSigned(signer, this.statement(ballot), proof)
    if (proof.length <= COMMIT_NONCE_BYTES) return false
    const { nonce, signature } = splitProof(proof)
    return this.isSigned(signer, this.commitBytes(ballot, signer, nonce), signature)
  }

  /** The signature of the sender and every vote of every certificate inside. */
  isViewChange(change: ViewChange): boolean {
    const bytes = writeClaim(new Writer(), change).bytes(change.proof).finish()
    const digest = digestOf(bytes)
    if (this.checked.has(digest)) return true
    const statement = this.statement({ ...change, kind: 'viewChange' })
    const isGood =
      this.isSigned(change.replica, statement, change.proof) &&
      change.finals.every(certificate => this.isFinal(certificate)) &&
      change.prepared.every(certificate => this.isPrepared(certificate))
    if (isGood) this.remember(digest)
    return isGood
  }

  isNewView(leader: ReplicaId, message: Extract<Message, { kind: 'newView' }>): boolean {
    return (
      this.isSigned(leader, this.statement(message), message.proof) &&
      message.viewChanges.every(change => this.isViewChange(change))
    )
  }

  isFinal({ view, header, hash, votes }: Certificate): boolean {
    const ballot = { kind: 'commit', view, header, hash } as const
    return votes.every(({ replica, proof }) => this.isVote(replica, ballot, proof))
  }

  private isPrepared({ view, header, hash, votes }: Certificate): boolean {
    const ballot = { kind: 'prepare', view, height: header.height, hash } as const
    return votes.every(({ replica, proof }) => this.isVote(replica, ballot, proof))
  }

  private remember(digest: string): void {
    if (this.checked.size >= CACHE_MAX) this.checked.delete(this.checked.values().next().value!)
    this.checked.add(digest)
  }

  private isSigned(signer: ReplicaId, message: Uint8Array, signature: Uint8Array): boolean {
    const consenter = this.keys.get(signer)
    if (!consenter || !hasLowS(signature, consenter.curve)) return false
    return verifySignature('sha256', message, consenter.key, signature)
  }

  /** value || identifier header || DER(block header), as in Fabric's BFT blocks. */
  private commitBytes(
    { view, header }: { readonly view: number; readonly header: Header },
    signer: ReplicaId,
    nonce: Uint8Array,
  ): Uint8Array {
    const configNumber = this.config.blockNumber
    return Buffer.concat([
      metadataValue({ configNumber, view, height: header.height }),
      identifierHeader(signer, nonce),
      headerBytes(header),
    ])
  }

  /** What is not part of a block is signed with its purpose and its channel in front. */
  private statement(ballot: Exclude<Ballot, { kind: 'commit' }>): Uint8Array {
    const writer = new Writer()
      .raw(Buffer.from(`triflow/ordering/${ballot.kind}/1\0`))
      .bytes(Buffer.from(this.config.channelId))
    switch (ballot.kind) {
      case 'prepare':
        return writer.number(ballot.view).number(ballot.height).digest(ballot.hash).finish()
      case 'viewChange':
        return writeClaim(writer, ballot).finish()
      case 'newView':
        return writer
          .number(ballot.view)
          .list(ballot.viewChanges, change => writeClaim(writer, change).bytes(change.proof))
          .finish()
    }
  }
}

function readKey(identityPem: string): ConsenterKey {
  const key = createPublicKey(
    new X509Certificate(identityPem).publicKey.export({ type: 'spki', format: 'pem' }),
  )
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (!curve) throw new Error('a consenter signs with a P-256 or P-384 key')
  return { key, curve }
}
