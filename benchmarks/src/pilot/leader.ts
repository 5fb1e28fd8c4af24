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
/** Under load the heights of healthy nodes differ by what is being written. */
const BLOCKS_APART = 3

/** Writes until told to stop. */
class Load {
  #stopped = false
  #failures = 0
  readonly #lanes: Promise<void>[]

  constructor(callers: readonly Caller[]) {
    this.#lanes = Array.from({ length: CONCURRENCY }, async (_, index) => {
      const caller = callers[index % callers.length]
      while (!this.#stopped && caller) await this.#write(caller)
    })
  }

  async #write(caller: Caller): Promise<void> {
    await writeOne(caller.contract).catch(() => (this.#failures += 1))
  }

  get failures(): number {
    return this.#failures
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#lanes)
  }
}

/** The node that leads, if every orderer runs, agrees on it and has nearly the last block. */
async function leaderOf(network: ProbeNetwork): Promise<{ name: string; pid: number } | undefined> {
  const orderers = (await network.status()).filter(({ roles }) => roles.includes('orderer'))
  const seen = orderers.map(({ channels }) => channels[CHANNEL])
  const heights = seen.map(channel => channel?.height ?? 0)
  const leaders = new Set(seen.map(channel => channel?.leader))
  const [leader] = leaders
  if (leader === undefined || leaders.size > 1) return undefined
  if (Math.max(...heights) - Math.min(...heights) > BLOCKS_APART) return undefined
  // Consenters are numbered from 1 in the order of the definition.
  const node = orderers[leader - 1]
  const pid = node?.pids[0]
  return node && pid !== undefined ? { name: node.name, pid } : undefined
}

/** One node may fail at a time: the last one that was killed has to be back first. */
async function settledLeader(network: ProbeNetwork): Promise<{ name: string; pid: number }> {
  const deadline = performance.now() + LIMIT_MS
  while (performance.now() < deadline) {
    await delay(SETTLE_MS)
    const leader = await leaderOf(network)
    if (leader) return leader
  }
  throw new Error('the orderers do not agree on a leader')
}

/** Kills the leader and answers how many seconds a write that begins then takes to commit. */
async function loseLeader(network: ProbeNetwork, probe: Caller): Promise<number> {
  const leader = await settledLeader(network)
  const killedAt = performance.now()
  process.kill(leader.pid, 'SIGKILL')
  await writeOne(probe.contract)
  const seconds = (performance.now() - killedAt) / 1000
  process.stderr.write(
    `${leader.name} killed: a new write committed after ${seconds.toFixed(2)} s\n`,
  )
  await network.startNode(leader.name)
  return seconds
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
    const [probe] = callers
    if (!probe) throw new Error('no organisation has a peer')
    for (let round = 1; round <= ROUNDS; round++) seconds.push(await loseLeader(network, probe))
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
