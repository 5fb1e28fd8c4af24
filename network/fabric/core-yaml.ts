// core.yaml of a peer process. Fabric gives a field its built-in zero, not its documented default, when the file lacks
// it; so the file is complete.
import path from 'node:path'
import { stringify } from 'yaml'
import type { NetworkDefinition } from '../src/node/definition.ts'
import { identityFolder } from '../src/node/folder.ts'
import { HOST, type NodePlace } from '../src/node/topology.ts'
import { builderFolder, peerFolder } from './paths.ts'

const MESSAGE_BYTES_MAX = 100 * 1024 * 1024

export function coreYaml(dir: string, definition: NetworkDefinition, node: NodePlace): string {
  const folder = peerFolder(dir, node.name)
  const identity = identityFolder(path.resolve(dir), definition, node, 'peer')
  return stringify({
    peer: {
      ...peerAddresses(node, definition),
      ...peerIdentity(identity, node),
      fileSystemPath: path.join(folder, 'ledger'),
      gossip: gossip(`${HOST}:${node.clientPort}`),
      ...peerServices(),
    },
    vm: { endpoint: '', docker: { tls: { enabled: false } } },
    chaincode: chaincode(builderFolder(dir)),
    ledger: ledger(path.join(folder, 'snapshots')),
    operations: { listenAddress: `${HOST}:${node.metricsPort}`, tls: { enabled: false } },
    metrics: { provider: 'prometheus' },
  })
}

function peerAddresses(node: NodePlace, definition: NetworkDefinition): object {
  return {
    id: node.name,
    networkId: definition.name,
    listenAddress: `${HOST}:${node.clientPort}`,
    chaincodeListenAddress: `${HOST}:${node.linkPort}`,
    address: `${HOST}:${node.clientPort}`,
    addressAutoDetect: false,
  }
}

function peerIdentity(identity: string, node: NodePlace): object {
  const tls = path.join(identity, 'tls')
  const root = path.join(tls, 'ca.crt')
  return {
    tls: {
      enabled: true,
      clientAuthRequired: false,
      cert: { file: path.join(tls, 'server.crt') },
      key: { file: path.join(tls, 'server.key') },
      rootcert: { file: root },
      clientRootCAs: { files: [root] },
      clientKey: { file: '' },
      clientCert: { file: '' },
    },
    mspConfigPath: path.join(identity, 'msp'),
    localMspId: node.mspId,
    localMspType: 'bccsp',
    BCCSP: { Default: 'SW', SW: { Hash: 'SHA2', Security: 256, FileKeyStore: { KeyStore: '' } } },
  }
}

/** A peer that loses the race at start stays invisible for one reconnect interval: 25 s by default, 1 s here. */
function gossip(endpoint: string): object {
  return {
    bootstrap: endpoint,
    endpoint,
    externalEndpoint: endpoint,
    useLeaderElection: false,
    orgLeader: true,
    membershipTrackerInterval: '5s',
    maxBlockCountToStore: 10,
    maxPropagationBurstLatency: '10ms',
    maxPropagationBurstSize: 10,
    propagateIterations: 1,
    propagatePeerNum: 3,
    pullInterval: '4s',
    pullPeerNum: 3,
    requestStateInfoInterval: '4s',
    publishStateInfoInterval: '4s',
    stateInfoRetentionInterval: '',
    publishCertPeriod: '10s',
    skipBlockVerification: false,
    dialTimeout: '3s',
    connTimeout: '2s',
    recvBuffSize: 20,
    sendBuffSize: 200,
    digestWaitTime: '1s',
    requestWaitTime: '1500ms',
    responseWaitTime: '2s',
    aliveTimeInterval: '5s',
    aliveExpirationTimeout: '25s',
    reconnectInterval: '1s',
    maxConnectionAttempts: 120,
    msgExpirationFactor: 20,
    election: {
      startupGracePeriod: '15s',
      membershipSampleInterval: '1s',
      leaderAliveThreshold: '10s',
      leaderElectionDuration: '5s',
    },
    pvtData: privateData(),
    state: {
      enabled: false,
      checkInterval: '10s',
      responseTimeout: '3s',
      batchSize: 10,
      blockBufferSize: 20,
      maxRetries: 3,
    },
  }
}

function privateData(): object {
  return {
    pullRetryThreshold: '60s',
    transientstoreMaxBlockRetention: 20_000,
    pushAckTimeout: '3s',
    btlPullMargin: 10,
    reconcileBatchSize: 10,
    reconcileSleepInterval: '1m',
    reconciliationEnabled: true,
    // else an invalid transaction that names another organisation's collection stalls its peer for
    // pullRetryThreshold: two colluding organisations could hold up everyone's commits
    skipPullingInvalidTransactionsDuringCommit: true,
    implicitCollectionDisseminationPolicy: { requiredPeerCount: 0, maxPeerCount: 1 },
  }
}

function peerServices(): object {
  return {
    gateway: {
      enabled: true,
      endorsementTimeout: '30s',
      broadcastTimeout: '30s',
      dialTimeout: '2m',
    },
    keepalive: {
      interval: '7200s',
      timeout: '20s',
      minInterval: '60s',
      client: { interval: '60s', timeout: '20s' },
      deliveryClient: { interval: '60s', timeout: '20s' },
    },
    authentication: { timewindow: '15m' },
    client: { connTimeout: '3s' },
    deliveryclient: {
      blockGossipEnabled: false,
      reconnectTotalTimeThreshold: '3600s',
      connTimeout: '3s',
      reConnectBackoffThreshold: '5s',
      blockCensorshipTimeoutKey: '30s',
      minimalReconnectInterval: '100ms',
      policy: 'cluster',
    },
    profile: { enabled: false, listenAddress: `${HOST}:0` },
    handlers: {
      authFilters: [
        { name: 'DefaultAuth' },
        { name: 'ExpirationCheck' },
        { name: 'TimeWindowCheck' },
      ],
      decorators: [{ name: 'DefaultDecorator' }],
      endorsers: { escc: { name: 'DefaultEndorsement', library: '' } },
      validators: { vscc: { name: 'DefaultValidation', library: '' } },
    },
    validatorPoolSize: 0,
    discovery: {
      enabled: true,
      authCacheEnabled: true,
      authCacheMaxSize: 1000,
      authCachePurgeRetentionRatio: 0.75,
      orgMembersAllowedAccess: true,
    },
    limits: {
      concurrency: { endorserService: 2500, deliverService: 2500, gatewayService: 500 },
    },
    maxRecvMsgSize: MESSAGE_BYTES_MAX,
    maxSendMsgSize: MESSAGE_BYTES_MAX,
  }
}

function chaincode(builder: string): object {
  return {
    id: { path: '', name: '' },
    builder: 'none',
    pull: false,
    golang: { runtime: 'none', dynamicLink: false },
    java: { runtime: 'none' },
    node: { runtime: 'none' },
    externalBuilders: [
      {
        name: 'ccaas_builder',
        path: builder,
        propagateEnvironment: ['TRIFLOW_CHAINCODE_ADDRESSES'],
      },
    ],
    installTimeout: '300s',
    startuptimeout: '300s',
    executetimeout: '30s',
    mode: 'net',
    // fabric-shim for Node exits on a KEEPALIVE message.
    keepalive: 0,
    system: { _lifecycle: 'enable', cscc: 'enable', lscc: 'enable', qscc: 'enable' },
    logging: { level: 'info', shim: 'warning', format: '%{message}' },
    runtimeParams: {
      useWriteBatch: true,
      maxSizeWriteBatch: 1000,
      useGetMultipleKeys: true,
      maxSizeGetMultipleKeys: 1000,
    },
  }
}

function ledger(snapshots: string): object {
  return {
    blockchain: null,
    state: { stateDatabase: 'goleveldb', totalQueryLimit: 100_000 },
    history: { enableHistoryDatabase: true },
    pvtdataStore: {
      collElgProcMaxDbBatchSize: 5000,
      collElgProcDbBatchesInterval: 1000,
      deprioritizedDataReconcilerInterval: '60m',
      purgeInterval: 100,
      purgedKeyAuditLogging: true,
    },
    snapshots: { rootDir: snapshots },
  }
}
