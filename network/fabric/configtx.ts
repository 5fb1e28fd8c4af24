// configtx.yaml of a channel, for configtxgen.
import path from 'node:path'
import { stringify } from 'yaml'
import type { NetworkDefinition, OrganizationDefinition } from '../src/node/definition.ts'
import { identityFolder, onlyFileOf, organizationFolder } from '../src/node/folder.ts'
import { HOST, nodesOf } from '../src/node/topology.ts'

const PROFILE = 'Channel'
const signature = (rule: string): object => ({ Type: 'Signature', Rule: rule })
const implicit = (rule: string): object => ({ Type: 'ImplicitMeta', Rule: rule })
const common = {
  Readers: implicit('ANY Readers'),
  Writers: implicit('ANY Writers'),
  Admins: implicit('MAJORITY Admins'),
}

/** The text of configtx.yaml; its only profile is `Channel`. */
export function configtx(dir: string, definition: NetworkDefinition, channelName: string): string {
  const nodes = nodesOf(definition)
  const channel = definition.channels.find(each => each.name === channelName)
  const members = definition.organizations.filter(each =>
    channel?.organizations.includes(each.mspId),
  )
  const ordering = definition.organizations.filter(each =>
    nodes.some(node => node.orderer && node.mspId === each.mspId),
  )
  const applicationGroup = (each: OrganizationDefinition): object => ({
    ...organizationGroup(dir, definition, each),
    Policies: applicationPolicies(each.mspId),
  })
  const orderingGroup = (each: OrganizationDefinition): object => ({
    ...organizationGroup(dir, definition, each),
    Policies: orderingPolicies(each.mspId),
  })
  const profile = {
    Capabilities: { V3_0: true },
    Policies: common,
    Orderer: {
      ...ordererOptions(definition),
      ConsenterMapping: consenters(dir, definition),
      Organizations: ordering.map(orderingGroup),
      Policies: { ...common, BlockValidation: implicit('ANY Writers') },
    },
    Application: {
      Capabilities: { V2_5: true },
      Organizations: members.map(applicationGroup),
      Policies: {
        ...common,
        LifecycleEndorsement: implicit('MAJORITY Endorsement'),
        Endorsement: implicit('MAJORITY Endorsement'),
      },
    },
  }
  return stringify({ Profiles: { [PROFILE]: profile } }, { aliasDuplicateObjects: false })
}

function applicationPolicies(id: string): object {
  return {
    Readers: signature(`OR('${id}.admin','${id}.peer','${id}.client')`),
    Writers: signature(`OR('${id}.admin','${id}.client')`),
    Admins: signature(`OR('${id}.admin')`),
    Endorsement: signature(`OR('${id}.peer')`),
  }
}

/** Ordering nodes sign view changes as Writers of their group. */
function orderingPolicies(id: string): object {
  return {
    Readers: signature(`OR('${id}.member')`),
    Writers: signature(`OR('${id}.member')`),
    Admins: signature(`OR('${id}.admin')`),
  }
}

function organizationGroup(
  dir: string,
  definition: NetworkDefinition,
  each: OrganizationDefinition,
): object {
  const id = each.mspId
  const nodes = nodesOf(definition).filter(node => node.mspId === id)
  const orderers = nodes.filter(node => node.orderer)
  const peers = nodes.filter(node => node.isPeer)
  return {
    Name: each.name,
    ID: id,
    MSPDir: path.join(organizationFolder(path.resolve(dir), each), 'msp'),
    ...(orderers.length > 0
      ? { OrdererEndpoints: orderers.map(node => `${HOST}:${node.ordererPort}`) }
      : {}),
    ...(peers.length > 0
      ? { AnchorPeers: peers.map(node => ({ Host: HOST, Port: node.clientPort })) }
      : {}),
  }
}

const INTERVAL_MS = 100
const REQUEST_MS = 1_000
const HEARTBEAT_MS = 4_000
const VIEW_CHANGE_MS = 4_000

/**
 * SmartBFT ignores BatchTimeout and PreferredMaxBytes: RequestBatchMaxInterval cuts blocks. With its own defaults a dead
 * leader costs 24 s; these timeouts make it about 3 s.
 */
function ordererOptions({ batch, timeouts }: NetworkDefinition): object {
  const intervalMs = batch.intervalMs ?? INTERVAL_MS
  const requestMs = timeouts.requestMs ?? REQUEST_MS
  const viewChangeMs = timeouts.viewChangeMs ?? VIEW_CHANGE_MS
  return {
    OrdererType: 'BFT',
    Capabilities: { V2_0: true },
    BatchTimeout: `${intervalMs}ms`,
    BatchSize: {
      MaxMessageCount: batch.maxMessageCount,
      AbsoluteMaxBytes: batch.absoluteMaxBytes,
      PreferredMaxBytes: batch.preferredMaxBytes,
    },
    SmartBFT: {
      RequestBatchMaxCount: batch.maxMessageCount,
      RequestBatchMaxBytes: batch.absoluteMaxBytes,
      RequestBatchMaxInterval: `${intervalMs}ms`,
      IncomingMessageBufferSize: 200,
      RequestPoolSize: 1_000,
      RequestForwardTimeout: `${requestMs}ms`,
      RequestComplainTimeout: `${requestMs * 2}ms`,
      RequestAutoRemoveTimeout: '3m',
      ViewChangeResendInterval: `${Math.max(250, Math.floor(viewChangeMs / 4))}ms`,
      ViewChangeTimeout: `${viewChangeMs}ms`,
      LeaderHeartbeatTimeout: `${timeouts.heartbeatMs ?? HEARTBEAT_MS}ms`,
      LeaderHeartbeatCount: 10,
      CollectTimeout: '1s',
      SyncOnStart: false,
      SpeedUpViewChange: false,
    },
  }
}

function consenters(dir: string, definition: NetworkDefinition): object[] {
  return nodesOf(definition).flatMap(node => {
    if (!node.orderer) return []
    const folder = identityFolder(path.resolve(dir), definition, node, 'orderer')
    const certificate = path.join(folder, 'tls', 'server.crt')
    return {
      ID: node.orderer.consenterId,
      Host: HOST,
      Port: node.ordererPort,
      MSPID: node.mspId,
      Identity: onlyFileOf(path.join(folder, 'msp', 'signcerts')),
      ClientTLSCert: certificate,
      ServerTLSCert: certificate,
    }
  })
}

/** Name of the profile in the file that `configtx` writes. */
export const configtxProfile = PROFILE
