// orderer.yaml of an ordering process.
import path from 'node:path'
import { stringify } from 'yaml'
import type { NetworkDefinition } from '../src/node/definition.ts'
import { identityFolder } from '../src/node/folder.ts'
import { HOST, type NodePlace } from '../src/node/topology.ts'
import { ordererFolder } from './paths.ts'

const MESSAGE_BYTES_MAX = 100 * 1024 * 1024

export function ordererYaml(dir: string, definition: NetworkDefinition, node: NodePlace): string {
  const folder = ordererFolder(dir, node.name)
  const identity = identityFolder(path.resolve(dir), definition, node, 'orderer')
  const tls = path.join(identity, 'tls')
  const certificate = path.join(tls, 'server.crt')
  const key = path.join(tls, 'server.key')
  const root = path.join(tls, 'ca.crt')
  return stringify({
    General: {
      ...general(node),
      TLS: {
        Enabled: true,
        PrivateKey: key,
        Certificate: certificate,
        RootCAs: [root],
        ClientAuthRequired: false,
        ClientRootCAs: [],
      },
      Cluster: {
        SendBufferSize: 100,
        ClientCertificate: certificate,
        ClientPrivateKey: key,
        ReplicationPolicy: 'simple',
      },
      LocalMSPDir: path.join(identity, 'msp'),
      LocalMSPID: node.mspId,
    },
    FileLedger: { Location: path.join(folder, 'ledger') },
    Debug: { BroadcastTraceDir: '', DeliverTraceDir: '' },
    Operations: {
      ListenAddress: `${HOST}:${node.ordererMetricsPort}`,
      TLS: { Enabled: false },
    },
    Metrics: { Provider: 'prometheus' },
    Admin: {
      ListenAddress: `${HOST}:${node.ordererAdminPort}`,
      TLS: {
        Enabled: true,
        Certificate: certificate,
        PrivateKey: key,
        ClientAuthRequired: true,
        ClientRootCAs: [root],
      },
    },
    ChannelParticipation: { Enabled: true, MaxRequestBodySize: '1 MB' },
    Consensus: { WALDir: path.join(folder, 'wal'), SnapDir: path.join(folder, 'snap') },
  })
}

function general(node: NodePlace): object {
  return {
    ListenAddress: HOST,
    ListenPort: node.ordererPort,
    Keepalive: { ServerMinInterval: '60s', ServerInterval: '7200s', ServerTimeout: '20s' },
    Backoff: { BaseDelay: '1s', Multiplier: 1.6, MaxDelay: '2m' },
    MaxRecvMsgSize: MESSAGE_BYTES_MAX,
    MaxSendMsgSize: MESSAGE_BYTES_MAX,
    Throttling: { Rate: 0, InactivityTimeout: '5s' },
    BootstrapMethod: 'none',
    Profile: { Enabled: false, Address: `${HOST}:0` },
    BCCSP: { Default: 'SW', SW: { Hash: 'SHA2', Security: 256, FileKeyStore: { KeyStore: '' } } },
    Authentication: { TimeWindow: '15m' },
  }
}
