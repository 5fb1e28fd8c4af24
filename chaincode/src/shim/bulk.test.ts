import { expect } from 'chai'
import { bytesField, bytesFields, joined } from '../contracts/protobuf.ts'
import { inBulk, writeBatchBytes } from './bulk.ts'
import type { ShimStub } from './bulk.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')
type Asked = {
  getType(): number
  getTxid(): string
  getChannelId(): string
  getPayload_asU8(): Uint8Array
}

/** A stub whose peer answers what the test wants, and what it was asked. */
function stubThatAnswers(answer: (asked: Asked) => Uint8Array) {
  const asked: Asked[] = []
  const handler: ShimStub['handler'] = {
    async _askPeerAndListen(message) {
      asked.push(message as unknown as Asked)
      return answer(message as unknown as Asked)
    },
  }
  return { asked, bulk: inBulk({ handler, channel_id: 'trade', txId: 'tx1' }) }
}

describe('many keys in one message', () => {
  it('has the very bytes that the protocol’s own classes write', () => {
    // From peer.WriteBatchState of @hyperledger/fabric-protos 0.3.7, whose classes the shim does not have.
    const writes = writeBatchBytes([
      { kind: 'put', collection: 'c', key: 'k', value: bytes('v') },
      { kind: 'delete', collection: '', key: 'k', value: bytes('') },
      { kind: 'policy', collection: '', key: 'k', value: bytes('p') },
    ])
    expect(hex(writes)).to.equal(GOLDEN_WRITES)
  })
  it('writes two thousand and one keys in three messages, in order, and keeps its transaction', async () => {
    const { asked, bulk } = stubThatAnswers(() => new Uint8Array())
    const keys = Array.from({ length: 2_001 }, (_, index) => `k${index}`)
    await bulk.write(keys.map(key => ({ kind: 'put', collection: '', key, value: bytes(key) })))
    expect(asked.map(each => each.getType())).to.deep.equal([24, 24, 24])
    expect(asked.map(each => [each.getChannelId(), each.getTxid()])).to.deep.equal(
      asked.map(() => ['trade', 'tx1']),
    )
    const records = asked.flatMap(each => bytesFields(1, each.getPayload_asU8()))
    expect(records.map(hex)).to.deep.equal(
      keys.map(key => hex(joined([bytesField(1, bytes(key)), bytesField(2, bytes(key)), PUT]))),
    )
  })
  it('reads values in the order of the keys, with nothing where nothing is', async () => {
    const long = 'x'.repeat(300)
    const { asked, bulk } = stubThatAnswers(() =>
      joined([bytesField(1, bytes(long)), bytesField(1, bytes('')), bytesField(1, bytes('z'))]),
    )
    const values = await bulk.read(['a', 'b', 'c'])
    expect(values.map(value => Buffer.from(value).toString())).to.deep.equal([long, '', 'z'])
    expect(hex(asked[0]?.getPayload_asU8() ?? bytes(''))).to.equal('0a01610a01620a0163')
  })
  it('asks the peer nothing where there is nothing to read or write', async () => {
    const { asked, bulk } = stubThatAnswers(() => new Uint8Array())
    expect(await bulk.read([])).to.deep.equal([])
    await bulk.write([])
    expect(asked).to.deep.equal([])
  })
  it('refuses an answer that is cut off or is another message', () => {
    expect(() => bytesFields(1, Uint8Array.from([10, 5, 1]))).to.throw('ends within a field')
    expect(() => bytesFields(1, Uint8Array.from([10]))).to.throw('ends within a field')
    expect(() => bytesFields(1, Uint8Array.from([18, 0]))).to.throw('other than 1')
    expect(() => bytesFields(1, Uint8Array.from([10, 255, 255, 255, 255, 1]))).to.throw('length')
  })
})

const PUT = Uint8Array.from([40, 9])
const GOLDEN_WRITES =
  '0a0b0a016b1201761a016328090a050a016b280a0a200a016b22190a1456414c49444154494f4e5f504152414d455445521201702815'
