import type { gateway } from '@hyperledger/fabric-protos'
import { CallLimit, type ServiceParts, serverStream, unary } from '../wire/grpc.ts'
import type { PeerLimits, PeerLog } from '../types.ts'
import { commitStatus, type ReaderParts } from './commit-status.ts'
import { endorse, type EndorseParts } from './endorse.ts'
import { evaluate, type EvaluateParts } from './evaluate.ts'
import { chaincodeEvents } from './events.ts'
import { submit, type SubmitParts } from './submit.ts'

export interface GatewayParts extends ReaderParts, EndorseParts, EvaluateParts, SubmitParts {
  readonly limits: PeerLimits
  readonly log: PeerLog
  readonly counted: { evaluated: number; submitted: number }
}

/** gateway.Gateway: everything an unmodified fabric-gateway client calls besides block events. */
export function gatewayService(parts: GatewayParts): {
  readonly handlers: gateway.IGatewayServer
  readonly limit: CallLimit
} {
  const limit = new CallLimit('gateway.Gateway', parts.limits.gatewayCalls)
  const service: ServiceParts = { limit, log: parts.log }
  const handlers = {
    evaluate: unary('Evaluate', service, (request: gateway.EvaluateRequest) => {
      parts.counted.evaluated += 1
      return evaluate(parts, request)
    }),
    endorse: unary('Endorse', service, (request: gateway.EndorseRequest) =>
      endorse(parts, request),
    ),
    submit: unary('Submit', service, (request: gateway.SubmitRequest) => {
      parts.counted.submitted += 1
      return submit(parts, request)
    }),
    commitStatus: unary(
      'CommitStatus',
      service,
      (request: gateway.SignedCommitStatusRequest, signal) =>
        commitStatus(parts, request, signal()),
    ),
    chaincodeEvents: serverStream(
      'ChaincodeEvents',
      service,
      (request: gateway.SignedChaincodeEventsRequest, outlet) =>
        chaincodeEvents(parts, request, outlet),
    ),
  }
  return { handlers: handlers as gateway.IGatewayServer, limit }
}
