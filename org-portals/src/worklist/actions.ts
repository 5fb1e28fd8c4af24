/** Work that needs nothing but a yes: which route does it, and with what body. */
import { GatewayProblem, type Client, type Operation, type Output } from '@triflow/gateway/client'

export type WorkItem = Output<'worklist.get'>['items'][number]
export type WorkKind = WorkItem['kind']
export type WorkClient = Pick<Client, 'call'>

type Bulk = (client: WorkClient, ids: string[]) => Promise<Operation>
type Single = (client: WorkClient, id: string) => Promise<Operation>

const BULK: Partial<Record<WorkKind, Bulk>> = {
  CONFIRM_PROPOSE: (client, ids) =>
    client.call('confirmations.propose', {
      body: { items: ids.map(invoiceId => ({ invoiceId })) },
    }),
  CONFIRM_APPROVE: (client, ids) =>
    client.call('confirmations.approve', { body: { invoiceIds: ids } }),
  CERTIFICATE_OFFER: (client, ids) =>
    client.call('certificates.offer', { body: { certificateIds: ids } }),
  CERTIFICATE_ACCEPT: (client, ids) =>
    client.call('certificates.accept', { body: { certificateIds: ids } }),
  TRANSFER_SIGN_OFF: (client, ids) =>
    client.call('transfers.signOff', { body: { certificateIds: ids } }),
  COLLECT: (client, ids) => client.call('settlement.collect', { body: { certificateIds: ids } }),
}

const ONE_BY_ONE: Partial<Record<WorkKind, Single>> = {
  NOTICE_ACKNOWLEDGE: (client, requestId) =>
    client.call('financing.acknowledge', { params: { requestId } }),
  FINANCING_CLOSE: (client, requestId) => client.call('financing.close', { params: { requestId } }),
}

export function canDo(kind: WorkKind): boolean {
  return kind in BULK || kind in ONE_BY_ONE
}

export interface Progress {
  readonly done: number
  readonly total: number
}

/** What became of it, object by object. */
export interface WorkResult {
  readonly kind: WorkKind
  readonly ok: number
  readonly refused: readonly { readonly id: string; readonly code: string }[]
  /** The transactions on the ledger that hold what was done. */
  readonly txIds: readonly string[]
}

interface Work {
  readonly kind: WorkKind
  readonly ids: readonly string[]
}

/** Does one kind of work on many objects. Throws a GatewayProblem when the whole is refused. */
export async function doWork(
  client: WorkClient,
  { kind, ids }: Work,
  onProgress: (progress: Progress) => void,
): Promise<WorkResult> {
  const bulk = BULK[kind]
  if (bulk) {
    const operation = await ended(client, await bulk(client, [...ids]), onProgress)
    return resultOf(kind, ids, operation)
  }
  const single = ONE_BY_ONE[kind]
  if (!single) throw new Error(`${kind} needs more than a yes`)
  return oneByOne(client, { kind, ids }, { single, onProgress })
}

const POLL_MS = 1_500

/** Waits until the operation has ended, however long the ledger takes, and tells how far it is. */
async function ended(
  client: WorkClient,
  first: Operation,
  onProgress: (progress: Progress) => void,
): Promise<Operation> {
  let current = first
  while (current.status === 'running' || current.status === 'waiting') {
    if (current.progress) onProgress(current.progress)
    current = await client.call('operations.get', {
      params: { operationId: current.operationId },
      query: { waitMs: POLL_MS },
    })
  }
  if (current.problem && current.items.length === 0) throw new GatewayProblem(current.problem)
  return current
}

function resultOf(kind: WorkKind, ids: readonly string[], operation: Operation): WorkResult {
  const refused = operation.items.filter(item => !item.ok)
  const unjudged = operation.items.length === 0 ? ids.length : operation.items.length
  return {
    kind,
    ok: unjudged - refused.length,
    refused: refused.map(item => ({ id: item.id, code: item.code ?? 'UNKNOWN' })),
    txIds: operation.transactions.filter(one => one.status === 'committed').map(one => one.txId),
  }
}

interface Way {
  readonly single: Single
  readonly onProgress: (progress: Progress) => void
}

/** Routes that take one object: each has an outcome of its own; a lost connection ends the round. */
async function oneByOne(
  client: WorkClient,
  { kind, ids }: Work,
  { single, onProgress }: Way,
): Promise<WorkResult> {
  const txIds: string[] = []
  const refused: { id: string; code: string }[] = []
  for (const [done, id] of ids.entries()) {
    onProgress({ done, total: ids.length })
    try {
      const operation = await ended(client, await single(client, id), () => undefined)
      txIds.push(...resultOf(kind, [id], operation).txIds)
    } catch (fault) {
      if (!(fault instanceof GatewayProblem) || fault.problem.status === 401) throw fault
      refused.push({ id, code: fault.code })
    }
  }
  return { kind, ok: ids.length - refused.length, refused, txIds }
}
