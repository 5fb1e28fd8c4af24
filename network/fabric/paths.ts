// Folders of the Fabric processes of one node.
import path from 'node:path'
import { inFolder } from '../src/node/folder.ts'

/** The peer process's folder: core.yaml, ledger, snapshots, addresses of chaincode services. */
export function peerFolder(dir: string, node: string): string {
  return path.join(path.resolve(inFolder.node(dir, node)), 'peer')
}

/** The ordering process's folder: orderer.yaml, ledger, write-ahead log. */
export function ordererFolder(dir: string, node: string): string {
  return path.join(path.resolve(inFolder.node(dir, node)), 'orderer')
}

/** Where `deploy` leaves the address of each chaincode service for the external builder. */
export function addressFolder(dir: string, node: string): string {
  return path.join(peerFolder(dir, node), 'chaincode-addresses')
}

export function builderFolder(dir: string): string {
  return path.join(path.resolve(dir), 'builders', 'ccaas')
}
