import { expect } from 'chai'
import { restart, snapshot } from './recovery.ts'
import {
  commitOf,
  GENESIS,
  prepareOf,
  proposalOf,
  replicaOf,
  requestOf,
  Rig,
  settingsOf,
} from './testing/rig.ts'

const first = proposalOf(1, GENESIS.hash, 'a')
const rival = proposalOf(1, GENESIS.hash, 'b')
const second = proposalOf(2, first.hash, 'c')
const prePrepare = (proposal: typeof first, view = 0) =>
  ({ kind: 'prePrepare', view, proposal }) as const

describe('agreement on a height', () => {
  it('writes each promise before the vote that makes it leaves', () => {
    const rig = new Rig(replicaOf(2))
    rig.hear(1, prePrepare(first))
    for (const from of [1, 3]) rig.hear(from, prepareOf(from, 0, first))
    for (const from of [1, 3]) rig.hear(from, commitOf(from, 0, first))
    expect(rig.trace()).to.deep.equal([
      'persist proposal',
      'persist accepted',
      'sign prepare',
      'send prepare',
      'persist prepared',
      'sign commit',
      'send commit',
      'persist decided',
      'deliver',
    ])
  })

  it('never prepares a second block of one view and height', () => {
    const rig = new Rig(replicaOf(2))
    rig.hear(1, prePrepare(first))
    expect(rig.hear(1, prePrepare(rival)).ignored).to.equal('equivocation')
    expect(rig.hear(1, prePrepare(first)).ignored).to.equal('repeated')
    expect(rig.sent('prepare')).to.have.length(1)
  })

  it('never prepares a second block after a restart from its log', () => {
    const rig = new Rig(replicaOf(2))
    rig.hear(1, prePrepare(first))
    const records = rig.effects.flatMap(effect =>
      effect.kind === 'persist' ? [effect.record] : [],
    )
    const { replica, effects } = restart({
      settings: settingsOf(2),
      blocks: [GENESIS],
      records,
      now: 0,
    })
    expect(effects).to.deep.equal([
      { kind: 'sign', ballot: { kind: 'prepare', view: 0, height: 1, hash: first.hash } },
    ])
    const again = new Rig(replica)
    expect(again.hear(1, prePrepare(rival)).ignored).to.equal('equivocation')
    expect(snapshot(replica)).to.deep.equal(records)
  })

  it('prepares height n+1 only after n is prepared', () => {
    const rig = new Rig(replicaOf(2))
    rig.hear(1, prePrepare(second))
    expect(rig.trace()).to.deep.equal([])
    rig.hear(1, prePrepare(first))
    expect(rig.sent('prepare')).to.have.length(1)
    for (const from of [1, 3]) rig.hear(from, prepareOf(from, 0, first))
    expect(
      rig.sent('prepare').map(message => message.kind === 'prepare' && message.height),
    ).to.deep.equal([1, 2])
  })

  it('needs q commits for one header', () => {
    const rig = new Rig(replicaOf(2))
    rig.hear(1, prePrepare(first))
    rig.hear(1, commitOf(1, 0, first))
    rig.hear(3, commitOf(3, 0, rival))
    for (const from of [1, 3]) rig.hear(from, prepareOf(from, 0, first))
    expect(rig.trace()).not.to.include('deliver')
    rig.hear(4, commitOf(4, 0, first))
    const delivered = rig.effects.find(effect => effect.kind === 'deliver')
    expect(delivered?.certificate.votes.map(vote => vote.replica)).to.deep.equal([1, 2, 4])
  })

  it('takes a proposal from the leader alone, above what is final and within the window', () => {
    const rig = new Rig(replicaOf(2, { window: 2 }))
    expect(rig.hear(3, prePrepare(first)).ignored).to.equal('notLeader')
    expect(rig.hear(1, prePrepare(proposalOf(5, 'x', 'a'))).ignored).to.equal('beyondWindow')
    expect(rig.hear(9, prePrepare(first)).ignored).to.equal('unknownReplica')
    expect(rig.hear(1, prePrepare(first, 9)).ignored).to.equal('futureView')
  })

  it('takes no more blocks than its ledger can follow, and goes on when it has', () => {
    const rig = new Rig(replicaOf(2, { unappliedMax: 1 }))
    let previous = GENESIS.hash
    for (let height = 1; height <= 6; height += 1) {
      const proposal = proposalOf(height, previous, `r${height}`)
      previous = proposal.hash
      rig.hear(1, prePrepare(proposal))
      for (const from of [1, 3]) rig.hear(from, prepareOf(from, 0, proposal))
      for (const from of [1, 3]) rig.hear(from, commitOf(from, 0, proposal))
    }
    expect(rig.replica.decided.height).to.equal(4)
    rig.take({ kind: 'applied', now: 0, height: 2 })
    expect(rig.replica.decided.height).to.equal(6)
    expect(rig.replica.unapplied).to.have.length(4)
  })

  for (const [what, proposal] of [
    ['an empty batch', proposalOf(1, GENESIS.hash)],
    ['a request twice', proposalOf(1, GENESIS.hash, 'a', 'a')],
    ['another predecessor', proposalOf(1, 'elsewhere', 'a')],
  ] as const) {
    it(`complains about a leader that proposes ${what}`, () => {
      const rig = new Rig(replicaOf(2))
      rig.hear(1, prePrepare(proposal))
      expect(rig.trace()).to.deep.equal([])
      rig.tick(50)
      expect(rig.sent('complain')).to.deep.equal([{ kind: 'complain', view: 1 }])
    })
  }

  it('complains about a leader that orders a request again', () => {
    const rig = new Rig(replicaOf(2))
    rig.hear(1, prePrepare(first))
    for (const from of [1, 3]) rig.hear(from, prepareOf(from, 0, first))
    for (const from of [1, 3]) rig.hear(from, commitOf(from, 0, first))
    rig.hear(1, prePrepare(proposalOf(2, first.hash, 'a')))
    rig.tick(50)
    expect(rig.sent('complain')).to.have.length(1)
  })
})

describe('a leader', () => {
  const submit = (rig: Rig, name: string) =>
    rig.take({ kind: 'request', now: rig.now, request: requestOf(name) })
  const batches = (rig: Rig) =>
    rig.sent('prePrepare').map(message => {
      return message.kind === 'prePrepare'
        ? message.proposal.requests.map(({ digest }) => digest)
        : []
    })

  it('proposes a lone request at once', () => {
    const rig = new Rig(replicaOf(1))
    submit(rig, 'a')
    expect(batches(rig)).to.deep.equal([['a']])
  })

  /** Lets the others agree to the last proposal and the ledger take it. */
  function finish(rig: Rig): void {
    const { proposal } = rig.sent('prePrepare').at(-1) as { proposal: typeof first }
    for (const from of [2, 3]) rig.hear(from, prepareOf(from, 0, proposal))
    for (const from of [2, 3]) rig.hear(from, commitOf(from, 0, proposal))
    rig.take({ kind: 'applied', now: rig.now, height: proposal.header.height })
  }

  it('lets a batch grow until the block before is durable, or it is full', () => {
    const rig = new Rig(replicaOf(1, { batchCount: 3 }))
    for (const name of ['a', 'b', 'c']) submit(rig, name)
    rig.tick(30)
    expect(batches(rig)).to.deep.equal([['a']])
    finish(rig)
    rig.tick(30)
    expect(batches(rig)).to.deep.equal([['a'], ['b', 'c']])
    for (const name of ['d', 'e', 'f', 'g']) submit(rig, name)
    expect(batches(rig)).to.deep.equal([['a'], ['b', 'c'], ['d', 'e', 'f']])
    rig.tick(300)
    expect(batches(rig).at(-1)).to.deep.equal(['g'])
  })

  it('paces its batches under load by what a block costs', () => {
    const rig = new Rig(replicaOf(1))
    for (const name of ['a', 'b', 'c']) submit(rig, name)
    rig.tick(40)
    finish(rig)
    expect(batches(rig)).to.deep.equal([['a']])
    rig.tick(40)
    expect(batches(rig)).to.deep.equal([['a'], ['b', 'c']])
    rig.tick(40)
    finish(rig)
    submit(rig, 'd')
    rig.tick(39)
    expect(batches(rig)).to.deep.equal([['a'], ['b', 'c']])
    rig.tick(1)
    expect(batches(rig)).to.deep.equal([['a'], ['b', 'c'], ['d']])
  })

  it('proposes at once what comes after a pause', () => {
    const rig = new Rig(replicaOf(1))
    submit(rig, 'a')
    rig.tick(40)
    finish(rig)
    rig.tick(40)
    submit(rig, 'b')
    expect(batches(rig)).to.deep.equal([['a'], ['b']])
  })

  it('pauses while its ledger does not keep up', () => {
    const rig = new Rig(replicaOf(1, { unappliedMax: 1 }))
    submit(rig, 'a')
    const [message] = rig.sent('prePrepare')
    const { proposal } = message as Extract<typeof message, { kind: 'prePrepare' }>
    for (const from of [2, 3]) rig.hear(from, prepareOf(from, 0, proposal))
    for (const from of [2, 3]) rig.hear(from, commitOf(from, 0, proposal))
    expect(rig.trace()).to.include('deliver')
    submit(rig, 'b')
    expect(batches(rig)).to.have.length(1)
    rig.take({ kind: 'applied', now: rig.now, height: 1 })
    rig.tick(10)
    expect(batches(rig)).to.have.length(2)
  })

  it('tells a waiting, an ordered and an oversized request apart', () => {
    const rig = new Rig(replicaOf(2, { batchMaxBytes: 100 }))
    expect(submit(rig, 'a').ignored).to.equal(undefined)
    expect(submit(rig, 'a').ignored).to.equal('duplicateRequest')
    rig.hear(1, prePrepare(first))
    for (const from of [1, 3]) rig.hear(from, prepareOf(from, 0, first))
    for (const from of [1, 3]) rig.hear(from, commitOf(from, 0, first))
    expect(submit(rig, 'a').ignored).to.equal('alreadyOrdered')
    const large = { digest: 'l', payload: new Uint8Array(101) }
    expect(rig.take({ kind: 'request', now: 0, request: large }).ignored).to.equal('tooLarge')
  })
})
