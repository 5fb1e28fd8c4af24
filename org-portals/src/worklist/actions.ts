/** Work that needs nothing but a yes: which route does it, and with what body. */
import { GatewayProblem, type Client, type Operation, type Output } from '@triflow/gateway/client'

export type WorkItem = Output<'worklist.get'>['items'][number]
export type WorkKind = WorkItem['kind']

type Act = (client: Client, ids: string[]) => Promise<Operation>

const ACTS: Partial<Record<WorkKind, Act>> = {
  CONFIRM_PROPOSE: (client, ids) =>
    client.perform('confirmations.propose', {
      body: { items: ids.map(invoiceId => ({ invoiceId })) },
    }),
  CONFIRM_APPROVE: (client, ids) =>
    client.perform('confirmations.approve', { body: { invoiceIds: ids } }),
  CERTIFICATE_OFFER: (client, ids) =>
    client.perform('certificates.offer', { body: { certificateIds: ids } }),
  CERTIFICATE_ACCEPT: (client, ids) =>
    client.perform('certificates.accept', { body: { certificateIds: ids } }),
  TRANSFER_SIGN_OFF: (client, ids) =>
    client.perform('transfers.signOff', { body: { certificateIds: ids } }),
}

export function canDo(kind: WorkKind): boolean {
  return kind in ACTS
}

/** Does one kind of work on many objects. Throws a GatewayProblem when the whole is refused. */
export async function doWork(client: Client, kind: WorkKind, ids: string[]): Promise<Operation> {
  const act = ACTS[kind]
  if (!act) throw new Error(`${kind} needs more than a yes`)
  return await act(client, ids)
}

export interface WorkResult {
  readonly ok: number
  readonly refused: number
  readonly codes: string
}

export function summarise(operation: Operation): WorkResult {
  const refused = operation.items.filter(item => !item.ok)
  return {
    ok: operation.items.length - refused.length,
    refused: refused.length,
    codes: [...new Set(refused.map(item => item.code ?? '?'))].join(', '),
  }
}

export function isProblem(error: unknown): error is GatewayProblem {
  return error instanceof GatewayProblem
}
