import { expect } from 'chai'
import fc from 'fast-check'
import type { Certificate, Message, VoteRecord } from '../consensus/index.ts'
import { decode, encode, type Bounds } from './codec.ts'
import { digests, proposalOf, requestOf } from './digests.ts'
import { decodeRecord, encodeRecord } from './records.ts'
import { envelopeOf } from './testing/cluster.ts'
import { Malformed } from './wire.ts'

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const bounds: Bounds = { replicas: 4, window: 4, batchCount: 10, batchBytes: 10_000 }

const digest = 'ab'.repeat(32)
const envelopes = [envelopeOf('one'), envelopeOf('two')]
const batch = digests.batch(envelopes.map(requestOf))
const proposal = proposalOf({ height: 3, previous: digest, batch }, envelopes)
const { header, hash } = proposal
const proof = Buffer.from('proof')
const votes = [1, 2, 3].map(replica => ({ replica, proof }))
const certificate: Certificate = { view: 7, header, hash, votes }
const viewChange = {
  view: 8,
  replica: 2,
  decided: 3,
  finals: [certificate],
  prepared: [certificate],
  proof,
}
const newView = { kind: 'newView', view: 8, viewChanges: [viewChange, viewChange], proof } as const

const messages: Message[] = [
  { kind: 'request', request: requestOf(envelopeOf('one')) },
  { kind: 'prePrepare', view: 300, proposal },
  { kind: 'prepare', view: 2 ** 40, height: 3, hash: digest, proof },
  { kind: 'commit', view: 0, header, hash, proof },
  { kind: 'complain', view: 5 },
  { kind: 'viewChange', ...viewChange },
  newView,
  { kind: 'status', view: 1, changing: true, decided: 77 },
  { kind: 'ask', hash: digest },
  { kind: 'answer', proposal },
]
const records: VoteRecord[] = [
  { kind: 'proposal', proposal },
  { kind: 'accepted', view: 1, height: 3, hash },
  { kind: 'prepared', certificate },
  { kind: 'decided', certificate },
  { kind: 'changing', view: 4 },
  { kind: 'entered', newView },
]

describe(`frames between orderers (TEST_SEED=${SEED})`, () => {
  for (const message of messages) {
    it(`carry a ${message.kind}`, () => {
      const read = decode(encode(message), bounds)
      expect(read && encode(read)).to.deep.equal(encode(message))
      expect(read?.kind).to.equal(message.kind)
    })

    it(`refuse a ${message.kind} cut short anywhere or with bytes after it`, () => {
      const frame = encode(message)
      for (let length = 0; length < frame.length; length += 1) {
        expect(decode(frame.subarray(0, length), bounds), `length ${length}`).to.equal(undefined)
      }
      expect(decode(Buffer.concat([frame, Buffer.alloc(1)]), bounds)).to.equal(undefined)
    })
  }

  it('never throw, whatever their bytes', function () {
    this.timeout(60_000)
    const kind = fc.integer({ min: 0, max: 12 })
    fc.assert(
      fc.property(kind, fc.uint8Array({ maxLength: 300 }), (first, rest) => {
        decode(Buffer.concat([Buffer.from([first]), rest]), bounds)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), fc.nat(255), (message, place, byte) => {
        const frame = encode(message)
        frame[place % frame.length] = byte
        decode(frame, bounds)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })

  it('refuse lists longer than a consenter set or a batch', () => {
    const small = { ...bounds, replicas: 1, batchCount: 1, window: 0 }
    expect(decode(encode(newView), small)).to.equal(undefined)
    expect(decode(encode({ kind: 'prePrepare', view: 0, proposal }), small)).to.equal(undefined)
    expect(decode(encode({ kind: 'viewChange', ...viewChange }), small)).to.equal(undefined)
  })

  it('refuse another cut of the same envelopes (CVE-2023-46132)', () => {
    const joined = Buffer.concat(envelopes)
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = envelopes
    const shifted = [Buffer.concat([first, second.subarray(0, 5)]), second.subarray(5)]
    expect(digests.batch([{ digest, payload: joined }])).to.equal(batch)
    expect(() => proposalOf(header, [joined])).to.throw(Malformed)
    expect(() => proposalOf(header, shifted)).to.throw(Malformed)
    expect(() => proposalOf(header, [...envelopes].reverse())).to.throw(Malformed)
  })
})

describe('records of the vote log', () => {
  for (const record of records) {
    it(`keep ${record.kind}`, () => {
      expect(encodeRecord(decodeRecord(encodeRecord(record), bounds))).to.deep.equal(
        encodeRecord(record),
      )
    })
  }

  it('of an unknown kind are refused, not skipped', () => {
    expect(() => decodeRecord(Buffer.from([99]), bounds)).to.throw(Malformed)
  })
})
