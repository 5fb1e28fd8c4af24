// The part of Caliper that is used here; its packages bring no types.
declare module '@hyperledger/caliper-core' {
  export interface TxStatus {
    IsCommitted(): boolean
  }
  /** A request as the Fabric connector takes it. */
  export interface FabricRequest {
    readonly channel: string
    readonly contractId: string
    readonly contractFunction: string
    readonly contractArguments: readonly string[]
    readonly transientMap: Readonly<Record<string, string | Uint8Array>>
    readonly invokerMspId: string
    readonly invokerIdentity: string
    readonly targetOrganizations?: readonly string[]
  }
  export interface Connector {
    sendRequests(request: FabricRequest): Promise<TxStatus>
  }
  export type ConnectorFactory = (workerIndex: number) => Promise<Connector>
  export interface Messenger {
    initialize(): Promise<void>
    configureProcessInstances(processes: readonly NodeJS.Process[]): Promise<void>
    dispose(): Promise<void>
  }
  export class CaliperEngine {
    constructor(benchmark: object, network: object, factory: ConnectorFactory)
    /** 0 when every round was executed. */
    run(): Promise<number>
  }
  export class WorkerMessageHandler {
    constructor(messenger: Messenger, factory: ConnectorFactory)
    waitForExit(): Promise<void>
  }
  export class WorkloadModuleBase {
    sutAdapter: Connector
    roundArguments: unknown
    initializeWorkloadModule(
      workerIndex: number,
      totalWorkers: number,
      roundIndex: number,
      roundArguments: unknown,
      sutAdapter: Connector,
      sutContext: unknown,
    ): Promise<void>
    cleanupWorkloadModule(): Promise<void>
  }
  export const CaliperUtils: {
    getBuiltinMessengers(): Map<string, string>
    loadModuleFunction(
      known: Map<string, string>,
      name: string,
      exported: string,
    ): (configuration: object) => Messenger
  }
  export const ConfigUtil: {
    set(key: string, value: unknown): void
    readonly keys: {
      readonly Report: { readonly Path: string }
    }
  }
}
declare module '@hyperledger/caliper-fabric' {
  import type { ConnectorFactory } from '@hyperledger/caliper-core'
  export const ConnectorFactory: ConnectorFactory
}
