/** Frames between orderers: one byte of kind, then the message. */
import type {
  Certificate,
  CommitMessage,
  Digest,
  Header,
  Message,
  NewViewMessage,
  PrepareMessage,
  Proposal,
  Request,
  ViewChange,
  ViewChangeClaim,
  Vote,
} from '../consensus/index.ts'
import { digests, proposalOf, requestOf, requireCanonical } from './digests.ts'
import { Malformed, Reader, Writer } from './wire.ts'

/** Bounds of what a decoder accepts. */
export interface Bounds {
  readonly replicas: number
  readonly window: number
  readonly batchCount: number
  readonly batchBytes: number
}

const PROOF_BYTES_MAX = 256
/** Codes are part of the protocol: never change one, never use one again. */
const KIND = {
  request: 1,
  prePrepare: 2,
  prepare: 3,
  commit: 4,
  complain: 5,
  viewChange: 6,
  newView: 7,
  status: 8,
  ask: 9,
  answer: 10,
} as const satisfies Record<Message['kind'], number>

export const writeHeader = (writer: Writer, header: Header): Writer =>
  writer.number(header.height).digest(header.previous).digest(header.batch)

export const readHeader = (reader: Reader): Header => ({
  height: reader.number(),
  previous: reader.digest(),
  batch: reader.digest(),
})

export function writeProposal(writer: Writer, proposal: Proposal): Writer {
  writeHeader(writer, proposal.header)
  return writer.list(proposal.requests, ({ payload }) => writer.bytes(payload))
}

/** Throws Malformed unless the envelopes are those the header names. */
export function readProposal(reader: Reader, bounds: Bounds): Proposal {
  const header = readHeader(reader)
  const envelopes = reader.list(bounds.batchCount, () => reader.bytes(bounds.batchBytes))
  return proposalOf(header, envelopes)
}

export function writeCertificate(writer: Writer, certificate: Certificate): Writer {
  writeHeader(writer.number(certificate.view), certificate.header)
  return writer.list(certificate.votes, vote => writer.number(vote.replica).bytes(vote.proof))
}

export function readCertificate(reader: Reader, bounds: Bounds): Certificate {
  const view = reader.number()
  const header = readHeader(reader)
  const votes = reader.list(bounds.replicas, (): Vote => {
    return { replica: reader.number(), proof: reader.bytes(PROOF_BYTES_MAX) }
  })
  return { view, header, hash: digests.header(header), votes }
}

/** The bytes a view change signs. */
export function writeClaim(writer: Writer, claim: ViewChangeClaim): Writer {
  const write = (certificate: Certificate): void => void writeCertificate(writer, certificate)
  writer.number(claim.view).number(claim.replica).number(claim.decided)
  return writer.list(claim.finals, write).list(claim.prepared, write)
}

function readViewChange(reader: Reader, bounds: Bounds): ViewChange {
  const read = (): Certificate => readCertificate(reader, bounds)
  return {
    view: reader.number(),
    replica: reader.number(),
    decided: reader.number(),
    finals: reader.list(bounds.window, read),
    prepared: reader.list(bounds.window, read),
    proof: reader.bytes(PROOF_BYTES_MAX),
  }
}

export function writeNewView(writer: Writer, message: NewViewMessage): Writer {
  return writer
    .number(message.view)
    .list(message.viewChanges, change => writeClaim(writer, change).bytes(change.proof))
    .bytes(message.proof)
}

export function readNewView(reader: Reader, bounds: Bounds): NewViewMessage {
  return {
    kind: 'newView',
    view: reader.number(),
    viewChanges: reader.list(bounds.replicas, () => readViewChange(reader, bounds)),
    proof: reader.bytes(PROOF_BYTES_MAX),
  }
}

export function encode(message: Message): Buffer {
  const writer = new Writer().raw(Uint8Array.of(KIND[message.kind]))
  return writeBody(writer, message).finish()
}

function writeBody(writer: Writer, message: Message): Writer {
  switch (message.kind) {
    case 'request':
      return writer.bytes(message.request.payload)
    case 'prePrepare':
      return writeProposal(writer.number(message.view), message.proposal)
    case 'prepare':
    case 'commit':
      return writeVote(writer, message)
    case 'viewChange':
      return writeClaim(writer, message).bytes(message.proof)
    case 'newView':
      return writeNewView(writer, message)
    default:
      return writeHint(writer, message)
  }
}

function writeVote(writer: Writer, vote: PrepareMessage | CommitMessage): Writer {
  writer.number(vote.view)
  return vote.kind === 'prepare'
    ? writer.number(vote.height).digest(vote.hash).bytes(vote.proof)
    : writeHeader(writer, vote.header).bytes(vote.proof)
}

type Hint = Extract<Message, { kind: 'complain' | 'status' | 'ask' | 'answer' }>

function writeHint(writer: Writer, hint: Hint): Writer {
  switch (hint.kind) {
    case 'complain':
      return writer.number(hint.view)
    case 'status':
      return writer
        .number(hint.view)
        .number(hint.changing ? 1 : 0)
        .number(hint.decided)
    case 'ask':
      return writer.digest(hint.hash)
    case 'answer':
      return writeProposal(writer, hint.proposal)
  }
}

/** The message of a frame, or undefined if the frame is malformed. Never throws. */
export function decode(frame: Uint8Array, bounds: Bounds): Message | undefined {
  try {
    const reader = new Reader(frame)
    const message = readBody(reader, reader.byte(), bounds)
    reader.end()
    return message
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

type Read = (reader: Reader, bounds: Bounds) => Message
const READERS: Readonly<Record<number, Read>> = {
  [KIND.request]: (reader, bounds) => ({ kind: 'request', request: readRequest(reader, bounds) }),
  [KIND.prePrepare]: (reader, bounds) => ({
    kind: 'prePrepare',
    view: reader.number(),
    proposal: readProposal(reader, bounds),
  }),
  [KIND.prepare]: reader => ({
    kind: 'prepare',
    view: reader.number(),
    height: reader.number(),
    hash: reader.digest(),
    proof: reader.bytes(PROOF_BYTES_MAX),
  }),
  [KIND.commit]: readCommit,
  [KIND.complain]: reader => ({ kind: 'complain', view: reader.number() }),
  [KIND.viewChange]: (reader, bounds) => ({
    kind: 'viewChange',
    ...readViewChange(reader, bounds),
  }),
  [KIND.newView]: readNewView,
  [KIND.status]: reader => ({
    kind: 'status',
    view: reader.number(),
    changing: readFlag(reader),
    decided: reader.number(),
  }),
  [KIND.ask]: reader => ({ kind: 'ask', hash: reader.digest() }),
  [KIND.answer]: (reader, bounds) => ({ kind: 'answer', proposal: readProposal(reader, bounds) }),
}

function readBody(reader: Reader, kind: number, bounds: Bounds): Message {
  const read = READERS[kind]
  if (!read) throw new Malformed(`no message of kind ${kind}`)
  return read(reader, bounds)
}

function readCommit(reader: Reader): Message {
  const view = reader.number()
  const header = readHeader(reader)
  const hash: Digest = digests.header(header)
  return { kind: 'commit', view, header, hash, proof: reader.bytes(PROOF_BYTES_MAX) }
}

function readRequest(reader: Reader, bounds: Bounds): Request {
  const payload = reader.bytes(bounds.batchBytes)
  requireCanonical(payload)
  return requestOf(payload)
}

function readFlag(reader: Reader): boolean {
  const value = reader.number()
  if (value > 1) throw new Malformed('a flag is 0 or 1')
  return value === 1
}
