// The network of the pilot on this machine: brings it up, plays the pilot, stays until Ctrl-C.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openSources, playPilot, prepareWorld, printStory, type World } from './pilot/index.ts'
import { REPOSITORY } from './supervisor/layout.ts'
import type { LedgerKind } from './supervisor/ledger.ts'
import { memoryOf, processorSeconds } from './supervisor/resources.ts'
import { bringUp, writeAccess, type RunningNetwork } from './supervisor/network.ts'
import { ORGANIZATIONS, type OrganizationKey } from './supervisor/organizations.ts'
import type { SupervisorEvent } from './supervisor/supervisor.ts'

const USAGE = `usage: npm start -- [--once] [--ledger embedded|fabric] [--dir FOLDER] [--no-pilot]
                    [--invoices N] [--seed TEXT] [--base-port N] [--verbose]
                    [--lakes all|none|ORG,ORG]
`

interface Settings {
  readonly once: boolean
  readonly play: boolean
  readonly verbose: boolean
  readonly ledger: LedgerKind
  readonly stateFolder: string
  readonly invoices: number
  readonly seed: string
  readonly basePort?: number
  readonly lakes?: readonly OrganizationKey[]
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      'no-pilot': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      ledger: { type: 'string', default: 'embedded' },
      dir: { type: 'string', default: path.join(REPOSITORY, '.triflow') },
      invoices: { type: 'string', default: '2100' },
      seed: { type: 'string', default: 'triflow' },
      'base-port': { type: 'string' },
      lakes: { type: 'string' },
    },
  })
  if (values.ledger !== 'embedded' && values.ledger !== 'fabric') {
    throw new Error('--ledger takes embedded or fabric')
  }
  const basePort = values['base-port']
  return {
    once: values.once,
    play: !values['no-pilot'],
    verbose: values.verbose,
    ledger: values.ledger,
    stateFolder: path.resolve(values.dir),
    invoices: Number(values.invoices),
    seed: values.seed,
    ...(basePort === undefined ? {} : { basePort: Number(basePort) }),
    ...(values.lakes === undefined ? {} : { lakes: lakesOf(values.lakes) }),
  }
}

function lakesOf(text: string): OrganizationKey[] {
  const keys = ORGANIZATIONS.map(({ key }) => key as OrganizationKey)
  if (text === 'all') return keys
  const named = text === 'none' ? [] : text.split(',')
  const unknown = named.filter(name => !keys.includes(name as OrganizationKey))
  if (unknown.length > 0)
    throw new Error(`--lakes takes all, none, or of ${keys.join(', ')}; not ${unknown.join(', ')}`)
  return keys.filter(key => named.includes(key))
}

const beganMs = Date.now()
const say = (line: string): void => {
  process.stdout.write(`${((Date.now() - beganMs) / 1_000).toFixed(1).padStart(6)} s  ${line}\n`)
}

function sayEvent(event: SupervisorEvent, verbose: boolean): void {
  if (event.what === 'died') say(`${event.name} died (${event.detail}): starting it again`)
  else if (verbose) say(`${event.name} ${event.what} ${event.detail ?? ''}`)
}

function showAddresses(network: RunningNetwork): void {
  say('Portals and gateways (log-ins are in pilot-access.json):')
  for (const [key, url] of Object.entries(network.gateways)) say(`  ${key.padEnd(10)} ${url}`)
  say(`  simulators ${network.simulators}`)
  if (network.lakes.length > 0) say(`  sources    ${network.sources} (simulator)`)
}

/** Resolves at Ctrl-C, at a request to end, and when nobody is left to read: the processes must not outlive this one. */
const asked = (): Promise<void> =>
  new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve())
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => resolve())
  })

/** What everything that runs has cost so far. */
async function showResources(network: RunningNetwork, verbose: boolean): Promise<void> {
  const bytes = await memoryOf(network.supervisor)
  if (bytes !== undefined) say(`Memory of everything running: ${(bytes / 2 ** 30).toFixed(2)} GiB`)
  const used = await processorSeconds(network.supervisor)
  const total = used.reduce((sum, { seconds }) => sum + seconds, 0)
  say(`Processor time of everything running: ${total.toFixed(0)} s`)
  if (!verbose) return
  for (const { name, seconds } of used) say(`  ${seconds.toFixed(1).padStart(7)} s  ${name}`)
}

async function play(settings: Settings, network: RunningNetwork, world: World): Promise<boolean> {
  const result = await playPilot({ network, world, say, beganMs })
  process.stdout.write(`\n${printStory(result)}\n`)
  await showResources(network, settings.verbose)
  if (result.firstCommitMs !== undefined) {
    say(`First committed business transaction after ${(result.firstCommitMs / 1_000).toFixed(1)} s`)
  }
  return result.ok
}

async function run(settings: Settings): Promise<boolean> {
  mkdirSync(settings.stateFolder, { recursive: true })
  let prepared: World | undefined
  const world = (): World => (prepared ??= prepareWorld({ ...settings, now: new Date() }))
  const end = asked()
  const network = await bringUp({
    stateFolder: settings.stateFolder,
    ledger: settings.ledger,
    world: () => world().simulated,
    say,
    onEvent: event => sayEvent(event, settings.verbose),
    ...(settings.basePort === undefined ? {} : { basePort: settings.basePort }),
    ...(settings.lakes === undefined ? {} : { lakes: settings.lakes }),
  })
  try {
    writeAccess(network)
    say('Business may begin')
    network.complete.then(() => say('Everything is up')).catch(() => undefined)
    const opened = openSources({ network, world: world(), say })
    const outcome = settings.play ? play(settings, network, world()) : Promise.resolve(true)
    const whole = Promise.all([outcome, network.complete, opened]).then(([ok]) => ok)
    const ok = await Promise.race([whole, end.then(() => false)])
    showAddresses(network)
    if (!settings.once) {
      say('Running until Ctrl-C')
      await end
    }
    return ok
  } finally {
    say('Stopping')
    await network.stop()
  }
}

/** One line that says what to do, and the usage where the command itself was wrong. */
function tell(fault: unknown): void {
  const { message, code } = fault as Error & { code?: string }
  const isUsage = code?.startsWith('ERR_PARSE_ARGS') ?? message.startsWith('--')
  process.stderr.write(`${message}\n${isUsage ? USAGE : ''}`)
}

/** Exits by itself: a pilot that was interrupted would otherwise go on asking a network that has stopped. */
async function main(): Promise<void> {
  try {
    process.exit((await run(readSettings())) ? 0 : 1)
  } catch (fault) {
    tell(fault)
    process.exit(1)
  }
}

void main()
