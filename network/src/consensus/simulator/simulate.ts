/** One seed, one life of a cluster: bad weather, crashes and a traitor, then calm until all is ordered. */
import { LIMITS, TIMEOUTS, type Settings } from '../protocol.ts'
import type { LedgerBlock, ReplicaId, Request } from '../model.ts'
import { faultsOf, quorumOf } from '../quorum.ts'
import { Byzantine, STRATEGIES, type Strategy } from './byzantine.ts'
import { createChecker, Violation, type Checker } from './checker.ts'
import { Host, type Plant, type Surroundings } from './host.ts'
import { CALM, createNetwork, type Network } from './network.ts'
import { createRandom, type Random } from './random.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { digests, isCertified } from './signatures.ts'

export interface SimulationOptions {
  readonly seed: number
  /** Consenters; drawn from the seed if absent. */
  readonly size?: number
  readonly plant?: Plant
  readonly strategy?: Strategy | 'none'
  readonly requests?: number
}

export interface Outcome {
  readonly seed: number
  readonly size: number
  readonly strategy: Strategy | 'none'
  readonly violation?: string
  readonly height: number
  readonly ordered: number
  readonly views: number
  readonly crashes: number
  readonly events: number
  readonly ignored: ReadonlyMap<string, number>
}

/** The storm ends here; from then on everything correct must be ordered within the bound. */
const CALM_AT_MS = 6_000
const LIVENESS_BOUND_MS = 90_000
const FETCH_MAX = 8
const GENESIS: LedgerBlock = {
  header: { height: 0, previous: '', batch: '' },
  hash: 'genesis',
  digests: [],
}

interface World {
  readonly random: Random
  readonly schedule: Schedule
  readonly checker: Checker
  readonly network: Network
  readonly hosts: ReadonlyMap<ReplicaId, Host>
  readonly correct: readonly Host[]
  readonly pending: Map<string, Request>
  crashes: number
}

export function simulate(options: SimulationOptions): Outcome {
  const { seed, plant } = options
  const random = createRandom(seed)
  const size = options.size ?? random.pick([4, 4, 4, 7, 5])
  const strategy = options.strategy ?? random.pick([...STRATEGIES, 'none', 'none'] as const)
  const ignored = new Map<string, number>()
  const world = createWorld({ random, size, strategy, plant, ignored })
  for (const host of world.hosts.values()) host.start()
  planStorm(world)
  planRequests(world, options.requests ?? random.between(5, 60))
  const end = run(world)
  return {
    seed,
    size,
    strategy,
    ...(end.violation === undefined ? {} : { violation: end.violation }),
    height: world.checker.height,
    ordered: world.checker.orderedCount,
    views: Math.max(...world.correct.map(host => host.replica?.view ?? 0)),
    crashes: world.crashes,
    events: end.events,
    ignored,
  }
}

interface Making {
  readonly random: Random
  readonly size: number
  readonly strategy: Strategy | 'none'
  readonly plant: Plant | undefined
  readonly ignored: Map<string, number>
}

function createWorld({ random, size, strategy, plant, ignored }: Making): World {
  const schedule = createSchedule()
  const checker = createChecker(quorumOf(size) - (plant === 'quorum' ? 1 : 0))
  const replicas = Array.from({ length: size }, (_, index) => index + 1)
  const hosts = new Map<ReplicaId, Host>()
  const traitors = new Map<ReplicaId, Byzantine>()
  if (strategy !== 'none') {
    const count = random.between(1, faultsOf(size))
    while (traitors.size < count) {
      const id = random.pick(replicas)
      traitors.set(id, new Byzantine({ id, replicas, strategy, random, checker }))
    }
  }
  const network = createNetwork(random, schedule, (to, from, message) => {
    for (const mischief of traitors.get(to)?.onHear(from, message) ?? []) {
      network.send(to, mischief.to, mischief.message)
    }
    hosts.get(to)!.receive(from, message)
  })
  const around: Surroundings = {
    random,
    schedule,
    checker,
    plant,
    syncMaxMs: random.pick([1, 3, 20]),
    logMax: random.pick([5, 30, 1_000]),
    transmit(from, to, message) {
      const twisted = traitors.get(from)?.twist(to, message) ?? [message]
      for (const one of twisted) network.send(from, to, one)
    },
    fetch: (host, effect) => fetchBlocks({ host, effect, network, schedule, hosts, random }),
    onIgnored: reason => void ignored.set(reason, (ignored.get(reason) ?? 0) + 1),
  }
  const limits = {
    ...LIMITS,
    batchCount: 8,
    window: random.pick([1, 2, 4]),
    dedupBlocks: 64,
    fetchMax: FETCH_MAX,
  }
  for (const self of replicas) {
    const settings: Settings = { self, replicas, timeouts: TIMEOUTS, limits, digests }
    hosts.set(self, new Host(settings, GENESIS, !traitors.has(self), around))
  }
  const correct = [...hosts.values()].filter(host => host.isCorrect)
  return { random, schedule, checker, network, hosts, correct, pending: new Map(), crashes: 0 }
}

interface Fetching {
  readonly host: Host
  readonly effect: { readonly from: ReplicaId; readonly first: number; readonly last: number }
  readonly network: Network
  readonly schedule: Schedule
  readonly hosts: ReadonlyMap<ReplicaId, Host>
  readonly random: Random
}

function fetchBlocks({ host, effect, network, schedule, hosts, random }: Fetching): void {
  const { from, first, last } = effect
  schedule.after(network.delay() + network.delay(), () => {
    if (!host.replica) return
    const source = hosts.get(from)!
    const isUp = source.replica !== undefined && network.canReach(host.id, from)
    const isServing = isUp && (source.isCorrect || random.chance(0.5))
    const blocks = isServing ? source.ledger.slice(first, last + 1) : []
    const isGood = blocks.every(({ certificate, header, hash }) => {
      const isOwn = certificate?.hash === hash && digests.header(header) === hash
      return isOwn && isCertified('commit', certificate)
    })
    if (blocks.length > 0 && isGood) host.acceptFetched(from, blocks)
    else host.take({ kind: 'fetchFailed', from })
  })
}

/** Weather, partitions and crashes until the calm. A traitor's machine is spared: it is bad enough. */
function planStorm(world: World): void {
  const { random, schedule, network, hosts, correct } = world
  const strength = random.next()
  network.weather = {
    loss: strength * 0.2,
    duplication: 0.1 * random.next(),
    delayMinMs: 1,
    delayMaxMs: random.pick([5, 30, 200]),
  }
  const ids = [...hosts.keys()]
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    schedule.after(random.between(0, CALM_AT_MS - 1_000), () => {
      network.groups = new Map(ids.map(id => [id, random.between(0, 1)]))
    })
    schedule.after(random.between(500, CALM_AT_MS), () => void (network.groups = new Map()))
  }
  for (let count = random.between(0, 6); count > 0; count -= 1) {
    const host = random.pick(correct)
    const at = random.between(0, CALM_AT_MS - 1)
    const isAtWorst = random.chance(0.5)
    schedule.after(at, () => {
      if (host.replica) world.crashes += 1
      if (isAtWorst) host.doom()
      else host.crash()
    })
    schedule.after(at + random.pick([1, 50, 700, 3_000]), () => {
      host.restart()
    })
  }
  if (random.chance(0.15))
    schedule.after(random.between(500, CALM_AT_MS - 1), () => blackOut(world))
  schedule.after(CALM_AT_MS, () => calm(world))
}

/** Everybody loses power at once. */
function blackOut(world: World): void {
  for (const host of world.correct) {
    if (!host.replica) continue
    world.crashes += 1
    host.crash()
  }
  world.schedule.after(100, () => {
    for (const host of world.correct) host.restart()
  })
}

function calm(world: World): void {
  world.network.weather = CALM
  world.network.groups = new Map()
  for (const host of world.correct) host.restart()
  // Clients give what was not ordered to everybody again, as a client that gets no answer does.
  for (const request of world.pending.values()) {
    for (const host of world.correct) host.take({ kind: 'request', request })
  }
}

function planRequests(world: World, count: number): void {
  const { random, schedule, checker, correct, pending } = world
  const isBurst = random.chance(0.3)
  for (let index = 0; index < count; index += 1) {
    const request = { digest: `r${index}`, payload: new Uint8Array(10) }
    const at = isBurst ? random.between(0, 50) : random.between(0, CALM_AT_MS + 1_000)
    schedule.after(at, () => {
      checker.onSubmit(request.digest)
      pending.set(request.digest, request)
      // Before the storm ends some clients reach one replica alone, some try again later.
      const isLate = schedule.now >= CALM_AT_MS
      const reached = isLate || random.chance(0.6) ? correct : [random.pick(correct)]
      for (const host of reached) host.take({ kind: 'request', request })
      if (random.chance(0.3)) {
        schedule.after(random.between(1, 3_000), () => {
          random.pick(correct).take({ kind: 'request', request })
        })
      }
    })
  }
}

function run(world: World): { violation?: string; events: number } {
  const { schedule, checker, correct, pending } = world
  const until = CALM_AT_MS + LIVENESS_BOUND_MS
  let events = 0
  const isDone = (): boolean =>
    schedule.now > CALM_AT_MS + 1_000 &&
    checker.orderedCount === pending.size &&
    correct.every(host => host.ledger.length - 1 === checker.height)
  try {
    while (!isDone()) {
      if (!schedule.runNext(until)) throw new Violation('not everything is ordered after the calm')
      events += 1
    }
    for (const host of correct) requireFrugal(host)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { violation: `${error.name}: ${error.message}`, events }
  }
  return { events }
}

/** A replica that caught up did not fetch what it had asked for, or had in line, already. */
function requireFrugal({ id, fetched, missed, crashes }: Host): void {
  const bound = 2 * missed + FETCH_MAX * (1 + crashes)
  if (fetched > bound) {
    throw new Violation(`replica ${id} fetched ${fetched} blocks to learn of ${missed}`)
  }
}
