import type { peer } from '@hyperledger/fabric-protos'
import { messageOf } from '../wire/faults.ts'
import type { PeerLog } from '../types.ts'
import type { Bindings } from './bindings.ts'
import { ChaincodeConnection, type Execution } from './connection.ts'
import type { OpenLink } from './link.ts'

/** Time a chaincode process has to take the connection and register. */
const DIAL_TIMEOUT_MS = 10_000

export interface RuntimeOptions {
  readonly bindings: Bindings
  readonly openLink: OpenLink
  readonly executeTimeoutMs: number
  readonly log: PeerLog
}

/** Runs chaincode packages: one connection each, opened at the first call and after a break. */
export class ChaincodeRuntime {
  private readonly options: RuntimeOptions
  private readonly connections = new Map<string, ChaincodeConnection>()

  constructor(options: RuntimeOptions) {
    this.options = options
  }

  canRun(packageId: string): boolean {
    return this.options.bindings.get(packageId) !== undefined
  }

  /** @throws Error with the text for the proposal response. */
  async execute(packageId: string, execution: Execution): Promise<peer.ChaincodeMessage> {
    const connection = await this.launch(packageId)
    try {
      return await connection.execute(execution, this.options.executeTimeoutMs)
    } catch (error) {
      throw new Error(`error sending: ${messageOf(error)}`)
    }
  }

  /** Forgets the connection, so that the next call dials the address bound now. */
  rebound(packageId: string): void {
    this.connections.get(packageId)?.end('bound to another address')
  }

  close(): void {
    for (const connection of [...this.connections.values()]) connection.end('the peer is closing')
  }

  private async launch(packageId: string): Promise<ChaincodeConnection> {
    const connection = this.connections.get(packageId) ?? this.dial(packageId)
    try {
      await connection.ready(DIAL_TIMEOUT_MS)
      return connection
    } catch (error) {
      const why = messageOf(error)
      throw new Error(`could not launch chaincode ${packageId}: connection failed: ${why}`)
    }
  }

  private dial(packageId: string): ChaincodeConnection {
    const { bindings, openLink, log } = this.options
    const binding = bindings.get(packageId)
    if (!binding) throw new Error(`chaincode package ${packageId} is not bound on this peer`)
    const connection = new ChaincodeConnection(binding, openLink, log)
    this.connections.set(packageId, connection)
    connection.whenBroken(() => {
      if (this.connections.get(packageId) === connection) this.connections.delete(packageId)
    })
    return connection
  }
}
