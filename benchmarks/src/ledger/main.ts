/**
 * `npm run bench:ledger`: the same chaincode, the same client and the same signer on the embedded ledger
 * and, when FABRIC_BIN names its binaries, on Hyperledger Fabric v3. The ledgers take turns.
 */
import { rmSync } from 'node:fs'
import path from 'node:path'
import {
  cpuByProcess,
  spent,
  temporaryFolder,
  type CpuByProcess,
  type LedgerKind,
} from '../ground/index.ts'
import { figure, percentile, publish, type Figure } from '../report/index.ts'
import { connectAs, load, type Caller, type LoadResult } from './client.ts'
import { CHANNEL, startProbeNetwork, type ProbeNetwork } from './network.ts'

const numbers = (text: string): number[] =>
  text
    .split(',')
    .map(Number)
    .filter(each => each > 0)
const CONCURRENCIES = numbers(process.env['BENCH_WRITES'] ?? '1,16,64,128,256')
const READ_CONCURRENCIES = numbers(process.env['BENCH_READS'] ?? '1,16,64,128')
const BASE_PORT = Number(process.env['BENCH_PORT'] ?? 21_000)
const REPETITIONS = Number(process.env['BENCH_REPETITIONS'] ?? 3)
const MEASURE_MS = Number(process.env['BENCH_MEASURE_MS'] ?? 10_000)
const WARM_MS = 2_000
/** Each network runs under load for this long before the first figure: a compiler at run time needs it. */
const WARM_UP_MS = Number(process.env['BENCH_WARM_UP_MS'] ?? 20_000)

interface Run extends LoadResult {
  /** CPU milliseconds per call, by process. */
  readonly cpuMs: CpuByProcess
  readonly callsPerBlock: number
}
type Runs = Map<string, Run[]>

async function heightOf(network: ProbeNetwork): Promise<number> {
  const nodes = await network.status()
  return Math.max(...nodes.map(({ channels }) => channels[CHANNEL]?.height ?? 0))
}

const callersOf = ({ connection }: ProbeNetwork): Caller[] =>
  connection.organizations
    .filter(each => each.peers.length > 0)
    .map(each => connectAs(connection, each.mspId))

async function measure(
  network: ProbeNetwork,
  mode: 'write' | 'read',
  concurrency: number,
): Promise<Run> {
  const callers = callersOf(network)
  try {
    if (mode === 'read') await callers[0]?.contract.submitTransaction('createAsset', 'seed', 'x')
    const pids = await network.pids()
    const heightBefore = await heightOf(network)
    const before = cpuByProcess(pids)
    const result = await load({
      callers,
      mode,
      concurrency,
      warmMs: WARM_MS,
      measureMs: MEASURE_MS,
    })
    const used = [...spent(before, cpuByProcess(pids))]
    const calls = Math.max(1, result.calls)
    const cpuMs = new Map(used.map(([name, s]) => [name, (s * 1000) / calls]))
    const blocks = (await heightOf(network)) - heightBefore
    return { ...result, cpuMs, callsPerBlock: calls / Math.max(1, blocks) }
  } finally {
    for (const caller of callers) caller.close()
  }
}

async function warmUp(networks: readonly ProbeNetwork[]): Promise<void> {
  for (const network of networks) {
    const callers = callersOf(network)
    await load({ callers, mode: 'write', concurrency: 64, warmMs: 0, measureMs: WARM_UP_MS })
    for (const caller of callers) caller.close()
  }
}

const cpuMsOf = ({ cpuMs }: Run): number => [...cpuMs.values()].reduce((sum, ms) => sum + ms, 0)

/** `client 0.9, peer0.org1 1.2, ...`, the greediest first. */
const breakdown = ({ cpuMs }: Run): string =>
  [...cpuMs]
    .sort(([, a], [, b]) => b - a)
    .map(([name, ms]) => `${name.replace('.bench.example', '')} ${ms.toFixed(2)}`)
    .join(', ')

const keyOf = (ledger: LedgerKind, mode: string, concurrency: number): string =>
  `${ledger} ${mode} ${concurrency}`

function figuresOf(runs: Runs, mode: 'write' | 'read', concurrency: number): Figure[] {
  const own = runs.get(keyOf('embedded', mode, concurrency)) ?? []
  const peer = runs.get(keyOf('fabric', mode, concurrency)) ?? []
  const pair = (what: string, unit: string, of: (run: Run) => number, target?: string): Figure =>
    figure(`${mode}, ${concurrency} at once: ${what}`, unit, own.map(of), {
      peer: 'Fabric v3',
      peerRuns: peer.map(of),
      ...(target ? { target } : {}),
    })
  return [
    pair('per second', 'tx/s', run => run.perSecond, mode === 'write' ? '>= 3x peer' : undefined),
    pair('p50', 'ms', run => percentile(run.latenciesMs, 0.5)),
    pair('p95', 'ms', run => percentile(run.latenciesMs, 0.95)),
    pair('CPU per call, all processes', 'ms', cpuMsOf),
    ...(mode === 'write' ? [pair('transactions per block', 'tx', run => run.callsPerBlock)] : []),
    pair('failures', 'calls', run => run.failures),
  ]
}

async function measureAll(networks: readonly ProbeNetwork[], runs: Runs): Promise<void> {
  const cases = [
    ...CONCURRENCIES.map(concurrency => ({ mode: 'write' as const, concurrency })),
    ...READ_CONCURRENCIES.map(concurrency => ({ mode: 'read' as const, concurrency })),
  ]
  for (let repetition = 1; repetition <= REPETITIONS; repetition++) {
    for (const { mode, concurrency } of cases) {
      for (const network of networks) {
        const run = await measure(network, mode, concurrency)
        const key = keyOf(network.ledger, mode, concurrency)
        runs.set(key, [...(runs.get(key) ?? []), run])
        const rate = `${run.perSecond.toFixed(0)}/s, ${cpuMsOf(run).toFixed(1)} ms CPU, ${run.callsPerBlock.toFixed(1)} per block`
        process.stderr.write(
          `run ${repetition}: ${key} at once: ${rate} (${breakdown(run)}), ${run.failures} failed\n`,
        )
      }
    }
  }
}

const ledgers: LedgerKind[] = process.env['FABRIC_BIN'] ? ['embedded', 'fabric'] : ['embedded']
if (ledgers.length === 1)
  process.stderr.write('FABRIC_BIN is not set: Fabric v3 is not measured.\n')
const scratch = temporaryFolder('ledger')
const networks: ProbeNetwork[] = []
try {
  for (const [index, ledger] of ledgers.entries())
    networks.push(
      await startProbeNetwork(ledger, path.join(scratch, ledger), BASE_PORT + 100 * index),
    )
  const runs: Runs = new Map()
  if (WARM_UP_MS > 0) await warmUp(networks)
  await measureAll(networks, runs)
  publish('ledger', [
    ...CONCURRENCIES.flatMap(concurrency => figuresOf(runs, 'write', concurrency)),
    ...READ_CONCURRENCIES.flatMap(concurrency => figuresOf(runs, 'read', concurrency)),
  ])
} finally {
  for (const network of networks) await network.down()
  rmSync(scratch, { recursive: true, force: true })
}
