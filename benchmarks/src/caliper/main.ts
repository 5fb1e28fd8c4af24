/**
 * `npm run bench:caliper [-- --ledger embedded|fabric] [--certificates N] [--load N]`: Hyperledger Caliper, unmodified,
 * issues certificates on the pilot's ledger. Caliper's own report is .triflow/bench/caliper.html.
 *
 * Caliper has no command line for this release, so this file is one: its orchestrator starts its workers by running
 * this very file again, as `main launch worker`.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  CaliperEngine,
  CaliperUtils,
  ConfigUtil,
  WorkerMessageHandler,
} from '@hyperledger/caliper-core'
import { ConnectorFactory } from '@hyperledger/caliper-fabric'
import { REPOSITORY, temporaryFolder, type LedgerKind } from '../ground/index.ts'
import { figure, percentile, publish, type Figure } from '../report/index.ts'
import { startPilotLedger, writeCaliperNetwork } from './network.ts'
import type { Step } from './trade.ts'
import type { RoundArguments, RoundResult } from './workload.ts'

const STEPS: readonly Step[] = ['propose', 'offer', 'accept']
const WHAT: Readonly<Record<Step, string>> = {
  propose: 'certificate proposed by the obligor',
  offer: 'certificate offered by the checker',
  accept: 'certificate accepted by the payee',
}
const BASE_PORT = 21_400

async function work(): Promise<void> {
  // The manager is gone: nobody will ask for anything any more.
  process.once('disconnect', () => process.exit(1))
  const load = CaliperUtils.loadModuleFunction
  const messenger = load(
    CaliperUtils.getBuiltinMessengers(),
    'process',
    'createWorkerMessenger',
  )({})
  await messenger.initialize()
  await messenger.configureProcessInstances([process])
  await new WorkerMessageHandler(messenger, ConnectorFactory).waitForExit()
  await messenger.dispose()
  process.exit(0)
}

interface Settings {
  readonly ledger: LedgerKind
  readonly certificates: number
  readonly load: number
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      ledger: { type: 'string', default: 'embedded' },
      certificates: { type: 'string', default: '400' },
      load: { type: 'string', default: '32' },
    },
  })
  const { ledger } = values
  if (ledger !== 'embedded' && ledger !== 'fabric')
    throw new Error('--ledger takes embedded or fabric')
  return { ledger, certificates: Number(values.certificates), load: Number(values.load) }
}

const resultFile = (dir: string, step: Step): string => path.join(dir, `caliper-${step}.json`)

function benchmarkOf(dir: string, { certificates, load, ledger }: Settings): object {
  const workload = fileURLToPath(
    new URL(`./workload${path.extname(import.meta.url)}`, import.meta.url),
  )
  const rounds = STEPS.map(step => ({
    label: step,
    description: WHAT[step],
    txNumber: certificates,
    rateControl: { type: 'fixed-load', opts: { transactionLoad: load } },
    workload: {
      module: workload,
      arguments: {
        step,
        certificates,
        resultFile: resultFile(dir, step),
      } satisfies RoundArguments,
    },
  }))
  const description = `Certificates over confirmed invoices, ${load} transactions in flight`
  return {
    test: { name: `issue a certificate (${ledger})`, description, workers: { number: 1 }, rounds },
  }
}

function figuresOf(dir: string, step: Step): Figure[] {
  const text = readFileSync(resultFile(dir, step), 'utf8')
  const { latenciesMs, failures, seconds } = JSON.parse(text) as RoundResult
  const one = (what: string, unit: string, value: number, target?: string): Figure =>
    figure(`${WHAT[step]}: ${what}`, unit, [value], target ? { target } : {})
  return [
    one('throughput', 'tx/s', latenciesMs.length / seconds),
    one('p50', 'ms', percentile(latenciesMs, 0.5)),
    one('p95', 'ms', percentile(latenciesMs, 0.95)),
    one('failures', 'calls', failures, '<= 0'),
  ]
}

/** Workers are processes of their own: they read the same settings from the environment. */
function configure(settings: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(settings)) {
    process.env[`CALIPER_${name.toUpperCase()}`] = value
    ConfigUtil.set(`caliper-${name}`, value)
  }
}

async function measure(settings: Settings): Promise<void> {
  const dir = temporaryFolder('caliper')
  try {
    const network = await startPilotLedger(settings.ledger, dir, BASE_PORT)
    try {
      const networkFile = await writeCaliperNetwork(network)
      const report = path.join(REPOSITORY, '.triflow/bench/caliper.html')
      mkdirSync(path.dirname(report), { recursive: true })
      const configuration = JSON.parse(readFileSync(networkFile, 'utf8')) as object
      const benchmark = benchmarkOf(dir, settings)
      const benchmarkFile = path.join(dir, 'caliper-benchmark.json')
      writeFileSync(benchmarkFile, JSON.stringify(benchmark))
      configure({ workspace: dir, networkconfig: networkFile, benchconfig: benchmarkFile })
      ConfigUtil.set(ConfigUtil.keys.Report.Path, report)
      const engine = new CaliperEngine(benchmark, configuration, ConnectorFactory)
      if ((await engine.run()) !== 0) throw new Error('Caliper did not finish')
      const figures = STEPS.flatMap(step => figuresOf(dir, step))
      publish(settings.ledger === 'embedded' ? 'caliper' : 'caliper-fabric', figures)
      if (figures.some(({ what, value }) => what.endsWith('failures') && value > 0))
        process.exitCode = 1
    } finally {
      await network.down()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

if (process.argv[2] === 'launch') await work()
else await measure(readSettings())
