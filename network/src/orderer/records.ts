/** The vote log's records as bytes. */
import type { VoteRecord } from '../consensus/index.ts'
import {
  readCertificate,
  readNewView,
  readProposal,
  writeCertificate,
  writeNewView,
  writeProposal,
  type Bounds,
} from './codec.ts'
import { Malformed, Reader, Writer } from './wire.ts'

/** Codes stand in files: never change one, never use one again. */
const KIND = {
  proposal: 1,
  accepted: 2,
  prepared: 3,
  decided: 4,
  changing: 5,
  entered: 6,
} as const satisfies Record<VoteRecord['kind'], number>

export function encodeRecord(record: VoteRecord): Buffer {
  const writer = new Writer().raw(Uint8Array.of(KIND[record.kind]))
  return writeRecord(writer, record).finish()
}

function writeRecord(writer: Writer, record: VoteRecord): Writer {
  switch (record.kind) {
    case 'proposal':
      return writeProposal(writer, record.proposal)
    case 'accepted':
      return writer.number(record.view).number(record.height).digest(record.hash)
    case 'prepared':
    case 'decided':
      return writeCertificate(writer, record.certificate)
    case 'changing':
      return writer.number(record.view)
    case 'entered':
      return writeNewView(writer, record.newView)
  }
}

/** Throws Malformed: the log's checksums have passed, so this is no torn tail. */
export function decodeRecord(bytes: Uint8Array, bounds: Bounds): VoteRecord {
  const reader = new Reader(bytes)
  const record = readRecord(reader, bounds)
  reader.end()
  return record
}

function readRecord(reader: Reader, bounds: Bounds): VoteRecord {
  const kind = reader.byte()
  switch (kind) {
    case KIND.proposal:
      return { kind: 'proposal', proposal: readProposal(reader, bounds) }
    case KIND.accepted:
      return {
        kind: 'accepted',
        view: reader.number(),
        height: reader.number(),
        hash: reader.digest(),
      }
    case KIND.prepared:
      return { kind: 'prepared', certificate: readCertificate(reader, bounds) }
    case KIND.decided:
      return { kind: 'decided', certificate: readCertificate(reader, bounds) }
    case KIND.changing:
      return { kind: 'changing', view: reader.number() }
    case KIND.entered:
      return { kind: 'entered', newView: readNewView(reader, bounds) }
    default:
      throw new Malformed(`no record of kind ${kind}`)
  }
}
