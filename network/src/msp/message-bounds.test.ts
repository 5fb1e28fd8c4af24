import * as protos from '@hyperledger/fabric-protos'
import { expect } from 'chai'
import './message-bounds.ts'

interface MessageClass {
  new (): { serializeBinary(): Uint8Array }
  deserializeBinary(bytes: Uint8Array): { serializeBinary(): Uint8Array }
}

/** Every message class of the protocol, however deep in its packages. */
function classesIn(place: object): MessageClass[] {
  return Object.values(place).flatMap((value: unknown) => {
    if (typeof value === 'function' && 'deserializeBinary' in value) return [value as MessageClass]
    return typeof value === 'object' && value !== null ? classesIn(value) : []
  })
}

const LENGTHS = ['ffffffff07', 'ffffffff0f', '808080808010', 'ffffffffffffffff7f', '02']

describe('bounds of messages', () => {
  const classes = classesIn(protos)

  it('no field of any message takes longer than its bytes, whatever length it claims', function () {
    this.timeout(20_000)
    expect(classes.length).to.be.greaterThan(100)
    const fields = Array.from({ length: 15 }, (_, index) => index + 1)
    let refused = 0
    for (const type of classes)
      for (const field of fields)
        for (const length of LENGTHS) {
          const bytes = Buffer.concat([Buffer.of((field << 3) | 2), Buffer.from(length, 'hex')])
          try {
            type.deserializeBinary(bytes)
          } catch {
            refused += 1
          }
        }
    expect(refused).to.be.greaterThan(classes.length)
  })

  it('a message in a message is read as before', () => {
    const header = new protos.common.Header()
    header.setChannelHeader(Buffer.alloc(300, 7))
    const payload = new protos.common.Payload()
    payload.setHeader(header)
    payload.setData(Buffer.from('data'))
    const read = protos.common.Payload.deserializeBinary(payload.serializeBinary())
    expect(read.getHeader()?.getChannelHeader_asU8().length).to.equal(300)
    expect(Buffer.from(read.getData_asU8()).toString()).to.equal('data')
  })
})
