/**
 * Signatures that cost nothing and cannot be forged inside a simulation: a proof is an object this
 * registry has tied to a signer and a statement; nobody else can make one that says the same.
 */
import type {
  Ballot,
  Certificate,
  Digest,
  Header,
  Message,
  ReplicaId,
  Request,
  ViewChange,
} from '../model.ts'
import type { Digests } from '../protocol.ts'

const signed = new WeakMap<Uint8Array, string>()
/** View changes and certificates found good: they travel by reference and are checked once. */
const checked = new WeakSet<object>()

export function sign(signer: ReplicaId, ballot: Ballot): Uint8Array {
  const proof = new Uint8Array(0)
  signed.set(proof, `${signer}|${statementOf(ballot)}`)
  return proof
}

function statementOf(ballot: Ballot): string {
  switch (ballot.kind) {
    case 'prepare':
      return `prepare|${ballot.view}|${ballot.height}|${ballot.hash}`
    case 'commit':
      return `commit|${ballot.view}|${ballot.header.height}|${ballot.hash}`
    case 'viewChange': {
      const certificates = [...ballot.finals, { view: -1, hash: '' }, ...ballot.prepared]
      const parts = certificates.map(({ view, hash }) => `${view}:${hash}`)
      return `viewChange|${ballot.view}|${ballot.decided}|${parts.join()}`
    }
    case 'newView': {
      const parts = ballot.viewChanges.map(
        change => `${change.replica}:${statementOf({ kind: 'viewChange', ...change })}`,
      )
      return `newView|${ballot.view}|${parts.join(';')}`
    }
  }
}

const isSigned = (signer: ReplicaId, ballot: Ballot, proof: Uint8Array): boolean =>
  signed.get(proof) === `${signer}|${statementOf(ballot)}`

const hashOf = (text: string): Digest => {
  let [low, high] = [0xdeadbeef, 0x41c6ce57]
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    low = Math.imul(low ^ code, 2654435761)
    high = Math.imul(high ^ code, 1597334677)
  }
  return (high >>> 0).toString(36) + (low >>> 0).toString(36)
}

export const digests: Digests = {
  batch: (requests: readonly Request[]) => hashOf(requests.map(({ digest }) => digest).join()),
  header: ({ height, previous, batch }: Header) => hashOf(`${height}|${previous}|${batch}`),
}

/** What the shell checks of a message before the core sees it. */
export function isAuthentic(from: ReplicaId, leader: ReplicaId, message: Message): boolean {
  switch (message.kind) {
    case 'prePrepare':
    case 'answer': {
      const { header, hash, requests } = message.proposal
      return digests.header(header) === hash && digests.batch(requests) === header.batch
    }
    case 'prepare':
      return isSigned(from, message, message.proof)
    case 'commit':
      return (
        digests.header(message.header) === message.hash && isSigned(from, message, message.proof)
      )
    case 'viewChange':
      return isViewChangeSigned(message)
    case 'newView':
      return (
        isSigned(leader, message, message.proof) && message.viewChanges.every(isViewChangeSigned)
      )
    default:
      return true
  }
}

function isViewChangeSigned(change: ViewChange): boolean {
  if (checked.has(change)) return true
  const isGood =
    isSigned(change.replica, { ...change, kind: 'viewChange' }, change.proof) &&
    change.finals.every(certificate => isCertified('commit', certificate)) &&
    change.prepared.every(certificate => isCertified('prepare', certificate))
  if (isGood) checked.add(change)
  return isGood
}

export function isCertified(kind: 'prepare' | 'commit', certificate: Certificate): boolean {
  if (checked.has(certificate)) return true
  const { view, header, hash, votes } = certificate
  const ballot: Ballot =
    kind === 'prepare' ? { kind, view, height: header.height, hash } : { kind, view, header, hash }
  const isGood =
    digests.header(header) === hash &&
    votes.every(({ replica, proof }) => isSigned(replica, ballot, proof))
  // A prepared certificate is not a commit certificate: only finals are remembered as checked.
  if (isGood && kind === 'commit') checked.add(certificate)
  return isGood
}
