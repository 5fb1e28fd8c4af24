import { expect } from 'chai'
import type { Certificate, Message, ViewChange } from './model.ts'
import { chooseChain, isWellFormed } from './selection.ts'
import { sign } from './simulator/signatures.ts'
import {
  certificateOf,
  commitOf,
  GENESIS,
  prepareOf,
  proposalOf,
  replicaOf,
  requestOf,
  Rig,
} from './testing/rig.ts'

const first = proposalOf(1, GENESIS.hash, 'a')
const rival = proposalOf(1, GENESIS.hash, 'b')
const second = proposalOf(2, first.hash, 'c')
const orphan = proposalOf(2, rival.hash, 'd')
const form = { quorum: 3, window: 4, replicas: [1, 2, 3, 4] }

function changeOf(
  replica: number,
  view: number,
  known: { finals?: Certificate[]; prepared?: Certificate[] } = {},
): ViewChange {
  const finals = known.finals ?? []
  const claim = { view, replica, decided: finals.length, finals, prepared: known.prepared ?? [] }
  return { ...claim, proof: sign(replica, { kind: 'viewChange', ...claim }) }
}

const newViewOf = (view: number, viewChanges: ViewChange[]): Message => {
  const leader = form.replicas[view % 4]!
  return {
    kind: 'newView',
    view,
    viewChanges,
    proof: sign(leader, { kind: 'newView', view, viewChanges }),
  }
}

describe('the selection of a new view', () => {
  it('takes the prepared block of the highest view at a height', () => {
    const older = changeOf(1, 3, { prepared: [certificateOf('prepare', 0, rival)] })
    const newer = changeOf(2, 3, { prepared: [certificateOf('prepare', 2, first)] })
    const { base, chosen } = chooseChain([older, newer, changeOf(3, 3)])
    expect(base).to.equal(0)
    expect(chosen.map(({ hash }) => hash)).to.deep.equal([first.hash])
  })

  it('stops where a prepared block does not extend the chain', () => {
    const mixed = [
      changeOf(1, 3, { prepared: [certificateOf('prepare', 1, first)] }),
      changeOf(2, 3, {
        prepared: [certificateOf('prepare', 0, rival), certificateOf('prepare', 0, orphan)],
      }),
      changeOf(3, 3),
    ]
    expect(chooseChain(mixed).chosen.map(({ hash }) => hash)).to.deep.equal([first.hash])
  })

  it('starts above the highest block proven final', () => {
    const ahead = changeOf(1, 3, { finals: [certificateOf('commit', 0, first)] })
    const behind = changeOf(2, 3, {
      prepared: [certificateOf('prepare', 0, first), certificateOf('prepare', 0, second)],
    })
    const { base, chosen } = chooseChain([ahead, behind, changeOf(3, 3)])
    expect(base).to.equal(1)
    expect(chosen.map(({ hash }) => hash)).to.deep.equal([second.hash])
  })
})

describe('a view change', () => {
  const good = changeOf(1, 2, {
    finals: [certificateOf('commit', 0, first)],
    prepared: [certificateOf('prepare', 1, second)],
  })
  const shortVotes = { ...certificateOf('prepare', 1, second), votes: [] }
  const twice = certificateOf('prepare', 1, second)
  const malformed: [string, ViewChange][] = [
    ['lacks a certificate of its final blocks', { ...good, decided: 2 }],
    ['claims the present view prepared', { ...good, view: 1 }],
    ['has too few votes', { ...good, prepared: [shortVotes] }],
    [
      'counts one voter twice',
      {
        ...good,
        prepared: [{ ...twice, votes: [twice.votes[0]!, twice.votes[0]!, twice.votes[1]!] }],
      },
    ],
    ['prepares what is final', { ...good, prepared: [certificateOf('prepare', 0, first)] }],
    [
      'prepares one height twice',
      {
        ...good,
        prepared: [certificateOf('prepare', 1, second), certificateOf('prepare', 0, orphan)],
      },
    ],
  ]
  it('is well-formed with linked finals and prepared blocks above them', () => {
    expect(isWellFormed(good, form)).to.equal(true)
  })
  for (const [what, change] of malformed) {
    it(`is refused when it ${what}`, () => expect(isWellFormed(change, form)).to.equal(false))
  }
})

describe('replacing a leader', () => {
  const complain = (view: number): Message => ({ kind: 'complain', view })

  it('takes no notice of one complainer', () => {
    const rig = new Rig(replicaOf(3))
    rig.hear(4, complain(1))
    rig.tick(50)
    expect(rig.replica.phase).to.equal('normal')
    expect(rig.sent('complain')).to.have.length(0)
  })

  it('joins f+1 complainers and leaves the view with q, on disk before it says so', () => {
    const rig = new Rig(replicaOf(3))
    rig.hear(4, complain(1))
    rig.hear(2, complain(1))
    expect(rig.replica).to.include({ phase: 'changing', view: 1 })
    expect(rig.trace()).to.deep.equal([
      'send complain',
      'persist changing',
      'sign viewChange',
      'send viewChange',
    ])
  })

  it('forgets a complaint that is not repeated', () => {
    const rig = new Rig(replicaOf(3))
    rig.hear(4, complain(1))
    rig.tick(10_000)
    rig.replica = { ...rig.replica, leaderHeardAt: rig.now }
    rig.hear(2, complain(1))
    expect(rig.replica.phase).to.equal('normal')
  })

  it('complains once a request waited for the time-out, and shows the request', () => {
    const rig = new Rig(replicaOf(3))
    rig.take({ kind: 'request', now: 0, request: requestOf('a') })
    rig.tick(450)
    expect(rig.sent('request')).to.have.length(1)
    expect(rig.sent('complain')).to.have.length(0)
    rig.tick(600)
    expect(rig.sent('complain')).to.have.length(1)
    expect(rig.sent('request')).to.have.length(2)
  })

  it('enters a view by the proof of its leader alone, and votes for what it chose', () => {
    const prepared = [certificateOf('prepare', 0, first)]
    const changes = [changeOf(1, 1, { prepared }), changeOf(3, 1), changeOf(4, 1)]
    const rig = new Rig(replicaOf(3))
    rig.hear(4, newViewOf(1, changes))
    expect(rig.replica).to.include({ phase: 'normal', view: 1 })
    expect(rig.sent('ask')).to.deep.equal([{ kind: 'ask', hash: first.hash }])
    rig.hear(1, { kind: 'answer', proposal: first })
    expect(rig.sent('prepare')).to.have.length(1)
    expect(rig.hear(2, { kind: 'prePrepare', view: 1, proposal: rival }).ignored).to.equal(
      'chosenByNewView',
    )
  })

  it('refuses a proof with too few or repeated view changes', () => {
    const rig = new Rig(replicaOf(3))
    const few = [changeOf(1, 1), changeOf(4, 1)]
    expect(rig.hear(2, newViewOf(1, few)).ignored).to.equal('malformed')
    expect(rig.hear(2, newViewOf(1, [...few, few[0]!])).ignored).to.equal('malformed')
    expect(rig.replica.view).to.equal(0)
  })

  it('delivers a block it voted for when a new view proves it final', () => {
    const rig = new Rig(replicaOf(3))
    rig.hear(1, { kind: 'prePrepare', view: 0, proposal: first })
    const finals = [certificateOf('commit', 0, first)]
    const changes = [changeOf(1, 1, { finals }), changeOf(2, 1), changeOf(4, 1)]
    rig.hear(2, newViewOf(1, changes))
    expect(rig.replica.decided.height).to.equal(1)
    expect(rig.trace()).to.include('deliver')
  })

  it('fetches blocks a new view proves final that it never saw', () => {
    const rig = new Rig(replicaOf(3))
    const finals = [certificateOf('commit', 0, first)]
    rig.hear(2, newViewOf(1, [changeOf(1, 1, { finals }), changeOf(2, 1), changeOf(4, 1)]))
    expect(rig.trace()).to.include('fetch')
    const block = {
      header: first.header,
      hash: first.hash,
      digests: ['a'],
      certificate: finals[0]!,
    }
    rig.take({ kind: 'blocks', now: rig.now, blocks: [block] })
    expect(rig.replica.decided.height).to.equal(1)
  })

  it('is not moved by votes for a block that does not exist', () => {
    const rig = new Rig(replicaOf(3))
    rig.hear(4, prepareOf(4, 0, rival))
    rig.hear(4, commitOf(4, 0, second))
    for (let round = 0; round < 40; round += 1) {
      rig.hear(1, { kind: 'status', view: 0, changing: false, decided: 0 })
      rig.tick(100)
    }
    expect(rig.sent('complain')).to.have.length(0)
  })

  it('answers few questions at once, for their answers are large', () => {
    const rig = new Rig(replicaOf(3, { window: 1 }))
    rig.hear(1, { kind: 'prePrepare', view: 0, proposal: first })
    const ask = () => rig.hear(4, { kind: 'ask', hash: first.hash }).ignored
    expect([ask(), ask(), ask()]).to.deep.equal([undefined, undefined, 'tooOften'])
    rig.now += 300
    expect(ask()).to.equal(undefined)
  })

  it('doubles its patience while views fail and takes it back with a final block', () => {
    const rig = new Rig(replicaOf(3))
    for (const from of [2, 4]) rig.hear(from, complain(1))
    expect(rig.replica.failures).to.equal(1)
    rig.tick(3_900)
    expect(rig.replica.complaint).to.equal(1)
    rig.tick(200)
    expect(rig.replica.complaint).to.equal(2)
  })
})
