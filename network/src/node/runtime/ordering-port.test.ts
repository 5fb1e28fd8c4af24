import { expect } from 'chai'
import { createOrderingPort, type OrderingNode } from './ordering-port.ts'
import type { SubmitAnswer } from './methods.ts'

const never = new Promise<SubmitAnswer>(() => undefined)
const node = (name: string, submit: () => Promise<SubmitAnswer>): OrderingNode => ({
  endpoint: name,
  mspId: `${name}MSP`,
  submit,
})
const accepts = (name: string): OrderingNode => node(name, async () => ({ outcome: 'accepted' }))
const knows = (name: string): OrderingNode => node(name, async () => ({ outcome: 'duplicate' }))
const refuses = (name: string): OrderingNode =>
  node(name, async () => ({ outcome: 'refused', code: 'BAD_SIGNATURE', message: 'no' }))
const isAway = (name: string): OrderingNode =>
  node(name, async () => Promise.reject(new Error('away')))
const hangs = (name: string): OrderingNode => node(name, () => never)
const envelope = new Uint8Array([1])

describe('submitting to the ordering nodes', () => {
  it('succeeds as soon as a quorum has the envelope, new or known', async () => {
    const port = createOrderingPort([accepts('a'), knows('b'), accepts('c'), hangs('d')])
    expect((await port.submit(envelope)).accepted).to.equal(true)
  })

  it('withstands one that is away, and no more of four', async () => {
    const one = createOrderingPort([accepts('a'), isAway('b'), accepts('c'), accepts('d')])
    expect((await one.submit(envelope)).accepted).to.equal(true)
    const two = createOrderingPort([accepts('a'), isAway('b'), hangs('c'), isAway('d')])
    const result = await two.submit(envelope)
    expect(result.accepted).to.equal(false)
    expect(result.failures.map(failure => failure.endpoint)).to.deep.equal(['b', 'd'])
  })

  it('says why, in the words of Fabric', async () => {
    const port = createOrderingPort([refuses('a')])
    expect((await port.submit(envelope)).failures).to.deep.equal([
      {
        endpoint: 'a',
        mspId: 'aMSP',
        message: 'received unsuccessful response from orderer: status=BAD_SIGNATURE, info=no',
      },
    ])
  })
})
