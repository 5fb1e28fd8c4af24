// The network definition: one file says which organisations there are, which nodes they run in which roles,
// and which channels they share. The embedded ledger and real Fabric are both brought up from it.
// May import nothing of ours. Invariants: a definition that passed `parseDefinition` has unique names,
// channels that mention known organisations only, at least one orderer, and names that are safe as path parts.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { NetworkFault, textOf } from './fault.ts'

const hostLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a lower-case host label')
const domainName = z
  .string()
  .max(200)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/, 'a domain name')
const mspId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dot, dash, underscore')
const milliseconds = z.int().min(1).max(600_000)

const peer = z.union([
  z.strictObject({
    name: hostLabel,
    /** This node also orders, beside the organisation's first one. */
    orderer: z.boolean().default(false),
  }),
  hostLabel.transform(name => ({ name, orderer: false })),
])

const organization = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$/, 'letters, digits, space, dash'),
  mspId,
  domain: domainName,
  /** No peers: the organisation has clients only, or orders only. */
  peers: z.array(peer).max(16).default([]),
  /** The organisation's first node orders; without peers it runs a node that only orders. */
  orderer: z.boolean().default(false),
  users: z.int().min(0).max(1000).default(1),
})

/** A collection as in Fabric's collections file. */
export const collection = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9-]+([A-Za-z0-9_-]+)*$/, 'a collection name'),
  policy: z.string().min(1),
  requiredPeerCount: z.int().min(0).default(0),
  maxPeerCount: z.int().min(0).default(1),
  blockToLive: z.int().min(0).default(0),
  memberOnlyRead: z.boolean().default(false),
  memberOnlyWrite: z.boolean().default(false),
  endorsementPolicy: z
    .strictObject({
      signaturePolicy: z.string().optional(),
      channelConfigPolicy: z.string().optional(),
    })
    .optional(),
})

const batch = z.strictObject({
  maxMessageCount: z.int().min(1).max(10_000).default(500),
  absoluteMaxBytes: z
    .int()
    .min(65_536)
    .max(99 * 1024 * 1024)
    .default(10 * 1024 * 1024),
  preferredMaxBytes: z
    .int()
    .min(1024)
    .max(99 * 1024 * 1024)
    .default(2 * 1024 * 1024),
  /** The longest a transaction waits for others, under load. Absent: what suits the ledger. */
  intervalMs: milliseconds.optional(),
})

/** Absent ones are what suits the ledger. */
const timeouts = z.strictObject({
  /** After this long without being ordered, a request makes its replica suspect the leader. */
  requestMs: milliseconds.optional(),
  /** A leader that is silent for this long is suspected. */
  heartbeatMs: milliseconds.optional(),
  /** A view change that takes longer moves on to the next leader. */
  viewChangeMs: milliseconds.optional(),
})

const channel = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9.-]{0,248}$/, 'a lower-case channel name'),
  /** MSP ids; absent: every organisation that has peers or clients. */
  organizations: z.array(mspId).min(1).optional(),
  /** Collections of a chaincode whose deployment names none. */
  collections: z.array(collection).optional(),
})

const schema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'letters, digits, dot, dash'),
  organizations: z.array(organization).max(64).default([]),
  /** Adds this many nodes that only order, each of an organisation of its own. */
  orderers: z.int().min(0).max(64).default(0),
  basePort: z.int().min(1024).max(64_000).default(17_000),
  channels: z.array(channel).min(1).max(32),
  batch: batch.prefault({}),
  timeouts: timeouts.prefault({}),
})

type Parsed = z.output<typeof schema>
export type CollectionDefinition = z.output<typeof collection>
export type OrganizationDefinition = Parsed['organizations'][number]
export interface ChannelDefinition {
  name: string
  /** MSP ids of the members of the channel's application group. */
  organizations: string[]
  collections?: CollectionDefinition[] | undefined
}
/** A definition with every default filled in; `orderers` has become organisations of their own. */
export interface NetworkDefinition {
  name: string
  organizations: OrganizationDefinition[]
  basePort: number
  channels: ChannelDefinition[]
  batch: Parsed['batch']
  timeouts: Parsed['timeouts']
}

/** Reads a definition from a JSON or YAML file. Throws `NetworkFault`: DEFINITION_UNREADABLE, DEFINITION_INVALID. */
export function readDefinition(file: string): NetworkDefinition {
  return parseDefinition(readStructured(file), file)
}

/** Reads a JSON or YAML file as a plain value. Throws `NetworkFault` DEFINITION_UNREADABLE. */
export function readStructured(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new NetworkFault('DEFINITION_UNREADABLE', `cannot read ${file}: ${textOf(error)}`, {
      file,
    })
  }
  try {
    // JSON is YAML, but a JSON file deserves a JSON parser's message.
    return path.extname(file) === '.json'
      ? JSON.parse(text)
      : parseYaml(text, { maxAliasCount: 50 })
  } catch (error) {
    throw new NetworkFault('DEFINITION_UNREADABLE', `${file}: ${textOf(error)}`, { file })
  }
}

/** Checks a definition given as a plain value. Throws `NetworkFault` DEFINITION_INVALID naming each bad field. */
export function parseDefinition(value: unknown, file = 'definition'): NetworkDefinition {
  const parsed = parseWith(schema, value, file)
  const definition = withDefaults(parsed)
  const problems = [
    ...uniqueness(definition),
    ...channelProblems(definition),
    ...nodeProblems(definition),
  ]
  if (problems.length > 0) throw invalid(file, problems)
  return definition
}

/** Checks a value against a schema; the fault names the path of every bad field. */
export function parseWith<Schema extends z.ZodType>(
  expected: Schema,
  value: unknown,
  file: string,
): z.output<Schema> {
  const result = expected.safeParse(value)
  if (result.success) return result.data
  throw invalid(
    file,
    result.error.issues.map(issue => ({ path: pathText(issue.path), message: issue.message })),
  )
}

interface Problem {
  path: string
  message: string
}

function invalid(file: string, problems: Problem[]): NetworkFault {
  const text = problems.map(problem => `${problem.path}: ${problem.message}`).join('; ')
  return new NetworkFault('DEFINITION_INVALID', `${file}: ${text}`, { file, problems })
}

function pathText(parts: PropertyKey[]): string {
  const text = parts
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
  return text.replace(/^\./, '') || '(the file)'
}

function withDefaults(parsed: Parsed): NetworkDefinition {
  const organizations = [...parsed.organizations, ...ordererOrganizations(parsed)]
  const members = parsed.organizations.filter(each => each.peers.length > 0 || !each.orderer)
  const channels = parsed.channels.map(each => ({
    ...each,
    organizations: each.organizations ?? members.map(member => member.mspId),
  }))
  const { name, basePort, batch, timeouts } = parsed
  return { name, basePort, batch, timeouts, organizations, channels }
}

/** `orderers: N`: organisations Ord1..OrdN beside the first organisation's parent domain. */
function ordererOrganizations(parsed: Parsed): OrganizationDefinition[] {
  const first = parsed.organizations[0]?.domain
  const parent = first?.split('.').slice(1).join('.') ?? 'example.com'
  const root = parent.includes('.') ? parent : (first ?? 'example.com')
  return Array.from({ length: parsed.orderers }, (_, index) => ({
    name: `Ord${index + 1}`,
    mspId: `Ord${index + 1}MSP`,
    domain: `ord${index + 1}.${root}`,
    peers: [],
    orderer: true,
    users: 0,
  }))
}

function uniqueness(definition: NetworkDefinition): Problem[] {
  const problems: Problem[] = []
  const once = (values: string[], field: (index: number) => string): void => {
    values.forEach((value, index) => {
      if (values.indexOf(value) !== index)
        problems.push({ path: field(index), message: `${value} is used twice` })
    })
  }
  const { organizations, channels } = definition
  for (const key of ['name', 'mspId', 'domain'] as const)
    once(
      organizations.map(each => each[key]),
      index => `organizations[${index}].${key}`,
    )
  organizations.forEach((each, at) =>
    once(
      each.peers.map(node => node.name),
      index => `organizations[${at}].peers[${index}].name`,
    ),
  )
  once(
    channels.map(each => each.name),
    index => `channels[${index}].name`,
  )
  channels.forEach((each, at) =>
    once(each.organizations, index => `channels[${at}].organizations[${index}]`),
  )
  return problems
}

function channelProblems(definition: NetworkDefinition): Problem[] {
  const byId = new Map(definition.organizations.map(each => [each.mspId, each]))
  return definition.channels.flatMap((each, at) => {
    const where = `channels[${at}].organizations`
    const unknown = each.organizations.flatMap((id, index) =>
      byId.has(id)
        ? []
        : [{ path: `${where}[${index}]`, message: `no organisation has MSP id ${id}` }],
    )
    const endorsing = each.organizations.filter(id => (byId.get(id)?.peers.length ?? 0) > 0).length
    const enough = endorsing > Math.floor(each.organizations.length / 2)
    const message = 'a majority of the organisations needs a peer, or no chaincode can be approved'
    return unknown.length > 0 || enough ? unknown : [{ path: where, message }]
  })
}

function nodeProblems(definition: NetworkDefinition): Problem[] {
  const orders = (each: OrganizationDefinition): boolean =>
    each.orderer || each.peers.some(node => node.orderer)
  if (definition.organizations.some(orders)) return []
  const message = 'no node orders: give an organisation "orderer: true" or set "orderers"'
  return [{ path: 'organizations', message }]
}
