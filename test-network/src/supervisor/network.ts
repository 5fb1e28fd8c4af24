import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { chooseIpfs, choosePostgres, chooseRedis, createDatabase } from '../services/index.ts'
import type { SimulatorOptions } from '../simulators/server.ts'
import { gatewayProcesses, gatewayUrl, networkSecrets, type GatewayNeeds } from './gateways.ts'
import { claimPorts, inState, type Ports } from './layout.ts'
import { prepareLedger, type LedgerKind, type PilotLedger } from './ledger.ts'
import { ORGANIZATIONS, type OrganizationKey } from './organizations.ts'
import { simulatorProcess, simulatorsUrl } from './simulators.ts'
import { sourcesProcess, sourcesUrl, type SimulatedSources } from './sources.ts'
import type { ServiceChoice } from './spec.ts'
import { createSupervisor, type Supervisor, type SupervisorEvent } from './supervisor.ts'

/** Of the sources only where there is a lake. */
type SimulatedWorld = Pick<SimulatorOptions, 'banks' | 'firstDay'> & {
  readonly sources: SimulatedSources
}

export interface NetworkOptions {
  readonly stateFolder: string
  readonly ledger: LedgerKind
  /** What the simulators play; asked for once, while the first processes start. */
  readonly world: () => SimulatedWorld
  readonly say: (line: string) => void
  readonly onEvent?: (event: SupervisorEvent) => void
  readonly basePort?: number
  /** The organisation whose gateway has a process for each role, as production may; the others have one for all. */
  readonly split?: OrganizationKey | undefined
  /** The organisations whose gateways keep a lake; none, unless it is asked for. */
  readonly lakes?: readonly OrganizationKey[]
  readonly checkAnswers?: boolean
}

export interface RunningNetwork {
  readonly stateFolder: string
  readonly ledger: LedgerKind
  readonly supervisor: Supervisor
  readonly choices: readonly ServiceChoice[]
  readonly gateways: Readonly<Record<OrganizationKey, string>>
  readonly simulators: string
  /** Of the simulator of data sources, which runs where there is a lake. */
  readonly sources: string
  /** The organisations whose gateways keep a lake. */
  readonly lakes: readonly OrganizationKey[]
  readonly operatorPasswords: Readonly<Record<string, string>>
  /** Settles when the last process is ready; business may begin before. */
  readonly complete: Promise<void>
  stop(): Promise<void>
}

/**
 * Brings the whole network up, in parallel wherever nothing has to wait: databases, queue, document store and ledger
 * nodes and chaincode at once, the gateways business begins with as soon as there are databases, the others behind
 * them. Resumes what the state folder holds.
 * If anything fails, everything that was started is stopped again.
 */
export async function bringUp(options: NetworkOptions): Promise<RunningNetwork> {
  mkdirSync(options.stateFolder, { recursive: true })
  const supervisor = await createSupervisor({
    stateFolder: options.stateFolder,
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
  })
  try {
    return await start(options, supervisor)
  } catch (fault) {
    await supervisor.stop()
    throw fault
  }
}

async function start(options: NetworkOptions, supervisor: Supervisor): Promise<RunningNetwork> {
  const { stateFolder, say } = options
  const ports = await claimPorts(stateFolder, options.basePort)
  const secrets = networkSecrets(stateFolder)
  const choosing = chooseServices(stateFolder, ports, say)
  choosing.catch(() => undefined)
  const ledger = await prepareLedger({
    stateFolder,
    basePort: ports.base,
    kind: options.ledger,
    say,
  })
  // What a gateway can start without comes up beside it.
  const nodes = ledger.start(supervisor)
  nodes.catch(() => undefined)
  const world = options.world()
  const services = await choosing
  for (const choice of services.all) say(choice.line)
  const documents = startService(services.ipfs, supervisor)
  documents.catch(() => undefined)
  await Promise.all([
    startService(services.postgres, supervisor),
    startService(services.redis, supervisor),
  ])
  const shared: SharedNeeds = {
    stateFolder,
    ports,
    ledger: ledger.kind,
    split: options.split,
    lakes: options.lakes ?? [],
    checkAnswers: options.checkAnswers,
    secrets,
    postgresUrl: services.postgres.address,
    redisUrl: services.redis.address,
    ipfsUrl: services.ipfs.address,
  }
  await Promise.all([
    nodes,
    documents,
    ...FIRST_GATEWAYS.map(key => startGateway(shared, supervisor, key)),
  ])
  const complete = startRest(shared, { supervisor, ledger, world })
  complete.catch(() => undefined)
  const urls = ORGANIZATIONS.map(({ key }) => [key, gatewayUrl(ports, key as OrganizationKey)])
  return {
    stateFolder,
    ledger: ledger.kind,
    supervisor,
    choices: services.all,
    gateways: Object.fromEntries(urls) as RunningNetwork['gateways'],
    simulators: simulatorsUrl(ports),
    sources: sourcesUrl(ports),
    lakes: shared.lakes,
    operatorPasswords: secrets.operatorPasswords,
    complete,
    stop: () => supervisor.stop(),
  }
}

/** Business begins between these two; the others come up behind them. */
const FIRST_GATEWAYS = ['core', 'alliance'] as const
const OTHER_GATEWAYS = ['banka', 'bankb', 'logistics', 'regulator'] as const

/** What every gateway needs but its own database, and where databases are made. */
type SharedNeeds = Omit<GatewayNeeds, 'databaseUrl'> &
  Pick<NetworkOptions, 'split'> & {
    readonly postgresUrl: string
    readonly lakes: readonly OrganizationKey[]
  }

/**
 * A gateway and the database of its organisation. It may need everything but another gateway; it starts without the
 * ledger and waits for it.
 */
async function startGateway(
  shared: SharedNeeds,
  supervisor: Supervisor,
  key: OrganizationKey,
): Promise<void> {
  const needs = supervisor
    .status()
    .map(({ name }) => name)
    .filter(name => !name.startsWith('gateway-'))
  const databaseUrl = await createDatabase(shared.postgresUrl, {
    name: `triflow_${key}`,
    password: shared.secrets.databasePasswords[key] ?? '',
  })
  const processes = gatewayProcesses({ ...shared, databaseUrl }, key, {
    split: shared.split === key,
    lake: shared.lakes.includes(key),
  })
  await Promise.all(processes.map(process => supervisor.start({ ...process, needs })))
}

interface Rest {
  readonly supervisor: Supervisor
  readonly ledger: PilotLedger
  readonly world: SimulatedWorld
}

/** One process at a time: the first transactions of business want the processor too. */
async function startRest(shared: SharedNeeds, { supervisor, ledger, world }: Rest): Promise<void> {
  const { stateFolder, ports } = shared
  await ledger.startRest(supervisor)
  for (const key of OTHER_GATEWAYS) await startGateway(shared, supervisor, key)
  const { sources, ...simulated } = world
  await supervisor.start(simulatorProcess({ stateFolder, ports, world: simulated }))
  if (shared.lakes.length > 0)
    await supervisor.start(sourcesProcess({ stateFolder, ports, world: sources }))
}

interface Services {
  readonly postgres: ServiceChoice
  readonly redis: ServiceChoice
  readonly ipfs: ServiceChoice
  readonly all: readonly ServiceChoice[]
}

async function chooseServices(
  stateFolder: string,
  ports: Ports,
  say: (line: string) => void,
): Promise<Services> {
  const [postgres, redis] = await Promise.all([
    choosePostgres({ stateFolder, port: ports.postgres, say }),
    chooseRedis({ stateFolder, port: ports.redis, say }),
  ])
  const ipfs = chooseIpfs({ stateFolder, port: ports.ipfs })
  return { postgres, redis, ipfs, all: [postgres, redis, ipfs] }
}

async function startService(choice: ServiceChoice, supervisor: Supervisor): Promise<void> {
  if (choice.process) await supervisor.start(choice.process)
}

/** One log-in as the command line and people use it. */
export interface AccessUser {
  readonly login: string
  readonly password: string
  readonly name: string
  readonly roles: readonly string[]
  readonly memberId?: string
}

export type Access = Record<string, { url: string; users: AccessUser[] }>

/** The operators' log-ins exist from the first start; the pilot adds those it enrols. */
export function writeAccess(network: RunningNetwork, enrolled: Access = {}): void {
  const organizations: Access = Object.fromEntries(
    ORGANIZATIONS.map(({ key, displayName }) => {
      const operator: AccessUser = {
        login: 'operator',
        password: network.operatorPasswords[key] ?? '',
        name: `${displayName}运营`,
        roles: ['operator'],
      }
      const url = network.gateways[key as OrganizationKey]
      // The first user who may import comes first: at a bank that is one who acts for the bank.
      const others = enrolled[key]?.users ?? []
      const importers = others.filter(({ roles }) => roles.includes('operator'))
      const rest = others.filter(user => !importers.includes(user))
      return [key, { url, users: [...importers, operator, ...rest] }]
    }),
  )
  const file = inState.access(network.stateFolder)
  writeFileSync(file, `${JSON.stringify({ organizations }, null, 2)}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
}
