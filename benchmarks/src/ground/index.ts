/**
 * What every benchmark stands on: where the checkout is, how its programs are started, a network of either ledger.
 *
 * Networks are driven through the command line of network/, in processes of their own: that workspace and the
 * gateway client carry two versions of the generated Fabric messages, which share one global name space and break
 * each other when one process loads both. For the same reason nothing here imports @triflow/network but its types.
 */
export { REPOSITORY, program, temporaryFolder } from './checkout.ts'
export { awaitPort, chaincodePackageId, openNetwork, type Connection } from './network.ts'
export type { LedgerKind, MeasuredNetwork, NodeStatus } from './network.ts'
export { cpuByProcess, spent, type CpuByProcess } from './cpu.ts'
export { atSignal } from './signals.ts'
