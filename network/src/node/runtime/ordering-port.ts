// Hands an envelope to every ordering node and tells when enough of them have it. Each replica times a request it
// accepted itself, so a leader that sits on it is noticed by all.
import { quorumOf } from '../../consensus/index.ts'
import type { OrdererFailure, OrderingPort, SubmitResult } from '../../peer/index.ts'
import { textOf } from '../fault.ts'
import type { SubmitAnswer } from './methods.ts'

export interface OrderingNode {
  endpoint: string
  mspId: string
  submit(envelope: Uint8Array): Promise<SubmitAnswer>
}

export function createOrderingPort(nodes: readonly OrderingNode[]): OrderingPort {
  const quorum = quorumOf(nodes.length)
  return {
    submit: envelope =>
      new Promise<SubmitResult>(resolve => {
        const failures: OrdererFailure[] = []
        let accepted = 0
        const settle = (failure: OrdererFailure | undefined): void => {
          if (failure) failures.push(failure)
          else accepted += 1
          if (accepted === quorum) resolve({ accepted: true, failures })
          if (failures.length === nodes.length - quorum + 1) resolve({ accepted: false, failures })
        }
        for (const node of nodes) void submitTo(node, envelope).then(settle)
      }),
  }
}

async function submitTo(
  node: OrderingNode,
  envelope: Uint8Array,
): Promise<OrdererFailure | undefined> {
  const { endpoint, mspId } = node
  try {
    const answer = await node.submit(envelope)
    if (answer.outcome !== 'refused') return undefined
    const message = `received unsuccessful response from orderer: status=${answer.code}, info=${answer.message}`
    return { endpoint, mspId, message }
  } catch (error) {
    return { endpoint, mspId, message: textOf(error) }
  }
}
