import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { generateVaultKey, type VaultKey } from '@triflow/ipfs'
import { inState, keptJson, nodeProcess, REPOSITORY, type Ports } from './layout.ts'
import type { LedgerKind } from './ledger.ts'
import {
  CHAINCODE,
  CHANNEL,
  ORGANIZATIONS,
  organizationOf,
  type OrganizationKey,
  type PilotOrganization,
} from './organizations.ts'
import { sourcesUrl } from './sources.ts'
import type { ProcessSpec } from './spec.ts'
import { httpOk, poll } from './waiting.ts'

/** What nobody may learn from the outside: made at the first start, kept in one file for its owner. */
export interface NetworkSecrets {
  readonly databasePasswords: Readonly<Record<string, string>>
  readonly operatorPasswords: Readonly<Record<string, string>>
  readonly vaultKeys: Readonly<Record<string, VaultKey>>
}

export function networkSecrets(stateFolder: string): NetworkSecrets {
  const forEach = <T>(make: () => T): Record<string, T> =>
    Object.fromEntries(ORGANIZATIONS.map(({ key }) => [key, make()]))
  const password = (): string => randomBytes(12).toString('base64url')
  return keptJson(inState.secrets(stateFolder), () => ({
    databasePasswords: forEach(password),
    operatorPasswords: forEach(password),
    vaultKeys: forEach(generateVaultKey),
  }))
}

interface Connection {
  readonly organizations: readonly {
    readonly mspId: string
    readonly domain: string
    readonly peers: readonly { endpoint: string; hostOverride: string; tlsCACert: string }[]
    readonly users: readonly { name: string; certificate: string; key: string }[]
  }[]
}

export interface GatewayNeeds {
  readonly stateFolder: string
  readonly ports: Ports
  readonly ledger: LedgerKind
  readonly secrets: NetworkSecrets
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly ipfsUrl: string
  /** Gateways compare every answer with its schema; it costs, so not where something is measured. */
  readonly checkAnswers?: boolean | undefined
}

export const gatewayUrl = (ports: Ports, key: OrganizationKey): string =>
  `http://127.0.0.1:${ports.gateways[key]}`

const ROLES = ['api', 'projector', 'worker'] as const
type Role = (typeof ROLES)[number] | 'lake'
/** Where the set-up lays the signed extensions of the lake's engine. */
const EXTENSIONS = path.join(REPOSITORY, 'node_modules/.triflow-duckdb')
/** Six gateways share a machine here. */
const LAKE_MEMORY_MB = 192
/** Who plays the pilot waits no hour. */
const BEHAVIOUR_SECONDS = 60

/** One process of a gateway: what it plays and where it answers. */
interface Part {
  readonly name: string
  readonly file: string
  readonly roles: readonly Role[]
  readonly port: number
}

/**
 * The gateway of one organisation: one process, or one for each role, with a lake or without. The configuration files are written anew at
 * every start; `config.json` is that of the process which answers the API.
 */
export function gatewayProcesses(
  needs: GatewayNeeds,
  key: OrganizationKey,
  { split, lake }: { split: boolean; lake: boolean },
): ProcessSpec[] {
  const port = needs.ports.gateways[key]
  const roles = lake ? ([...ROLES, 'lake'] as const) : ROLES
  const whole: Part = { name: `gateway-${key}`, file: 'config.json', roles, port }
  if (!split) return [partProcess(needs, key, whole)]
  const behind = (['projector', 'worker'] as const).map(role => ({
    name: `gateway-${key}-${role}`,
    file: `config-${role}.json`,
    roles: [role],
    port: needs.ports[role],
  }))
  return [
    { ...whole, roles: lake ? (['api', 'lake'] as const) : (['api'] as const) },
    ...behind,
  ].map(part => partProcess(needs, key, part))
}

function partProcess(needs: GatewayNeeds, key: OrganizationKey, part: Part): ProcessSpec {
  const organization = organizationOf(key)
  const folder = inState.gateway(needs.stateFolder, key)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(folder, part.file)
  const configuration = {
    ...configurationOf(needs, organization, folder),
    roles: part.roles,
    http: { host: '127.0.0.1', port: part.port },
  }
  writeFileSync(file, `${JSON.stringify(configuration, null, 2)}\n`, { mode: 0o600 })
  const { command, args } = nodeProcess('gateway', 'main')
  return {
    name: part.name,
    command,
    args: [...args, '--config', file],
    ready: signal => poll(() => httpOk(`http://127.0.0.1:${part.port}/readyz`), signal),
    stopGraceMs: 10_000,
  }
}

function configurationOf(
  needs: GatewayNeeds,
  organization: PilotOrganization,
  folder: string,
): Record<string, unknown> {
  const { key, mspId, displayName, kind } = organization
  const portal = path.join(REPOSITORY, 'org-portals/dist')
  return {
    organization: key,
    displayName,
    kind,
    mspId,
    databaseUrl: needs.databaseUrl,
    redisUrl: needs.redisUrl,
    redisPrefix: key,
    ledger: ledgerOf(needs, organization),
    enrolment: enrolmentOf(needs, organization),
    lake: {
      dataPath: inState.lake(needs.stateFolder, key),
      extensionFolder: EXTENSIONS,
      memoryMb: LAKE_MEMORY_MB,
      behaviourSeconds: BEHAVIOUR_SECONDS,
      sources: {
        baseUrl: sourcesUrl(needs.ports),
        tokenFile: inState.sourcesToken(needs.stateFolder),
      },
    },
    vault: { apiUrl: needs.ipfsUrl, keyringFile: writeKeyring(needs, organization, folder) },
    secretsFile: path.join(folder, 'secrets.json'),
    consortiumKeyFile: consortiumKey(needs.stateFolder),
    ...(needs.checkAnswers ? { checkAnswers: true } : {}),
    bootstrap: { login: 'operator', password: needs.secrets.operatorPasswords[key] },
    scratchDirectory: path.join(folder, 'scratch'),
    ...(existsSync(portal) ? { portalDirectory: portal } : {}),
    logLevel: 'info',
    // Everybody in the pilot comes from one address.
    loginsPerMinute: 3_000,
  }
}

function ledgerOf(needs: GatewayNeeds, organization: PilotOrganization): object {
  const file = path.join(inState.ledger(needs.stateFolder), 'connection.json')
  const connection = JSON.parse(readFileSync(file, 'utf8')) as Connection
  const own = connection.organizations.find(one => one.mspId === organization.mspId)
  if (!own) throw new Error(`${file} does not name ${organization.mspId}`)
  const user = own.users.find(one => one.name === 'User1')
  if (!user) throw new Error(`${file} has no User1 of ${organization.mspId}`)
  // Without a node of its own, the logistics provider reaches the ledger through the core's.
  const peers = own.peers.length > 0 ? own.peers : (connection.organizations[0]?.peers ?? [])
  return {
    name: needs.ledger,
    channel: CHANNEL,
    chaincode: CHAINCODE,
    peers: peers.map(({ endpoint, hostOverride, tlsCACert }) => ({
      endpoint,
      hostOverride,
      tlsCaFile: tlsCACert,
    })),
    identity: { certificateFile: user.certificate, keyFile: user.key },
  }
}

/** The organisation's own certificate authority signs the certificates of its users. */
function enrolmentOf(needs: GatewayNeeds, organization: PilotOrganization): object {
  const ca = path.join(
    inState.ledger(needs.stateFolder),
    'organizations/peerOrganizations',
    organization.domain,
    'ca',
  )
  const file = (test: (name: string) => boolean): string => {
    const name = readdirSync(ca).find(test)
    if (!name) throw new Error(`${ca} is incomplete`)
    return path.join(ca, name)
  }
  return {
    kind: 'folder',
    certificateFile: file(name => name.endsWith('.pem')),
    keyFile: file(name => name.endsWith('_sk')),
  }
}

function writeKeyring(
  needs: GatewayNeeds,
  organization: PilotOrganization,
  folder: string,
): string {
  const publicKeys = ORGANIZATIONS.map(({ key, mspId }) => [
    mspId,
    needs.secrets.vaultKeys[key]?.publicKey,
  ])
  const keyring = {
    organization: organization.mspId,
    key: needs.secrets.vaultKeys[organization.key],
    publicKeys: Object.fromEntries(publicKeys) as Record<string, string>,
  }
  const file = path.join(folder, 'keyring.json')
  writeFileSync(file, `${JSON.stringify(keyring, null, 2)}\n`, { mode: 0o600 })
  return file
}

/** The key under which all members blind the fingerprints of invoices; shared by the gateways, never on the ledger. */
function consortiumKey(stateFolder: string): string {
  const file = inState.consortiumKey(stateFolder)
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return file
}
