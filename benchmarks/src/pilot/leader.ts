/** kill -9 of the leader under load: how long until the next transaction commits. */
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryFolder } from '../ground/index.ts'
import { connectAs, writeOne, type Caller } from '../ledger/client.ts'
import { CHANNEL, startProbeNetwork, type ProbeNetwork } from '../ledger/network.ts'
import { figure, type Figure } from '../report/index.ts'

const ROUNDS = 5
const CONCURRENCY = 8
const SETTLE_MS = 3_000
const LIMIT_MS = 60_000

/** Writes until told to stop; remembers when each write began and ended. */
class Load {
  #stopped = false
  #failures = 0
  readonly #done: { readonly began: number; readonly ended: number }[] = []
  readonly #lanes: Promise<void>[]

  constructor(callers: readonly Caller[]) {
    this.#lanes = Array.from({ length: CONCURRENCY }, async (_, index) => {
      const caller = callers[index % callers.length]
      while (!this.#stopped && caller) await this.#write(caller)
    })
  }

  async #write(caller: Caller): Promise<void> {
    const began = performance.now()
    try {
      await writeOne(caller.contract)
      this.#done.push({ began, ended: performance.now() })
    } catch {
      this.#failures += 1
    }
  }

  get failures(): number {
    return this.#failures
  }

  /** When the first write that began after `at` had committed. */
  async committedAfter(at: number): Promise<number> {
    for (;;) {
      const ends = this.#done.filter(({ began }) => began >= at).map(({ ended }) => ended)
      if (ends.length > 0) return Math.min(...ends)
      if (performance.now() > at + LIMIT_MS) throw new Error('nothing commits without the leader')
      await delay(10)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#lanes)
  }
}

/** The node that leads, as most orderers see it. */
async function leaderOf(network: ProbeNetwork): Promise<{ name: string; pid: number }> {
  const orderers = (await network.status()).filter(({ roles }) => roles.includes('orderer'))
  const seen = orderers.flatMap(({ channels }) => channels[CHANNEL]?.leader ?? [])
  const votes = (id: number): number => seen.filter(each => each === id).length
  const leader = [...seen].sort((a, b) => votes(b) - votes(a))[0]
  // Consenters are numbered from 1 in the order of the definition.
  const node = leader === undefined ? undefined : orderers[leader - 1]
  const pid = node?.pids[0]
  if (!node || pid === undefined) throw new Error('no orderer says who leads')
  return { name: node.name, pid }
}

export async function measureLeaderLoss(basePort: number): Promise<Figure[]> {
  const dir = temporaryFolder('leader')
  const network = await startProbeNetwork('embedded', dir, basePort)
  const callers = network.connection.organizations
    .filter(({ peers }) => peers.length > 0)
    .map(({ mspId }) => connectAs(network.connection, mspId))
  const load = new Load(callers)
  const seconds: number[] = []
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      await delay(SETTLE_MS)
      const leader = await leaderOf(network)
      const killedAt = performance.now()
      process.kill(leader.pid, 'SIGKILL')
      seconds.push(((await load.committedAfter(killedAt)) - killedAt) / 1000)
      process.stderr.write(
        `${leader.name} killed: next commit after ${seconds.at(-1)?.toFixed(2)} s\n`,
      )
      await network.startNode(leader.name)
    }
    await load.stop()
    return [
      figure('leader killed: a new write is committed after', 's', seconds, { target: '<= 3' }),
      figure('leader killed: writes that failed at the client', 'calls', [load.failures]),
    ]
  } finally {
    await load.stop()
    for (const caller of callers) caller.close()
    await network.down()
    rmSync(dir, { recursive: true, force: true })
  }
}
