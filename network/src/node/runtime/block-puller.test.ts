import { expect } from 'chai'
import { waitUntil } from '../processes.ts'
import { BlockPuller, type PullerPorts } from './block-puller.ts'

const block = (number: number): Uint8Array => Uint8Array.of(number)

interface Rig {
  ports: PullerPorts
  committed: number[]
  outcomes: string[]
}

/** Sources by name: how high each says it is, and what it answers from a block on. */
function rig(
  sources: Record<string, { height: number; answer(first: number): Promise<Uint8Array[]> }>,
): Rig {
  const committed: number[] = []
  const outcomes: string[] = []
  const ports: PullerPorts = {
    height: () => committed.length,
    sources: () => Object.entries(sources).map(([name, { height }]) => ({ name, height })),
    nextBlocks: (source, first) =>
      sources[source]?.answer(first) ?? Promise.reject(new Error('no such source')),
    commit: async bytes => {
      if (bytes[0] !== committed.length) throw new Error('not the next block')
      committed.push(committed.length)
    },
    count: outcome => outcomes.push(outcome),
    warn: () => undefined,
  }
  return { ports, committed, outcomes }
}

const honest = (height: number) => ({
  height,
  answer: async (first: number) => {
    if (first < height) return [block(first)]
    await new Promise(resolve => setTimeout(resolve, 20))
    return []
  },
})

async function reaches(rigged: Rig, height: number): Promise<void> {
  const puller = new BlockPuller(rigged.ports)
  try {
    expect(await waitUntil(() => rigged.committed.length === height, 5_000)).to.equal(true)
  } finally {
    await puller.close()
  }
}

describe('pulling blocks', () => {
  it('brings a node up to its source', () => reaches(rig({ a: honest(5) }), 5))

  it('leaves a source that fails', async () => {
    const broken = { height: 9, answer: () => Promise.reject(new Error('broken')) }
    const rigged = rig({ a: broken, b: honest(3) })
    await reaches(rigged, 3)
    expect(rigged.outcomes).to.include('source_failed')
  })

  it('leaves a source whose blocks do not prove themselves', async () => {
    const liar = { height: 9, answer: async () => [block(77)] }
    const rigged = rig({ a: liar, b: honest(3) })
    await reaches(rigged, 3)
    expect(rigged.committed).to.deep.equal([0, 1, 2])
  })

  it('leaves a source that holds back what others have', async () => {
    const silent = { height: 0, answer: async () => [] }
    const rigged = rig({ a: silent, b: honest(3) })
    await reaches(rigged, 3)
    expect(rigged.outcomes).to.include('source_withholds')
  })
})
