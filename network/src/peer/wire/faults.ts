import { Metadata, status as grpcStatus, type ServiceError } from '@grpc/grpc-js'
import { gateway, google } from '@hyperledger/fabric-protos'

/** One line of `grpc-status-details-bin`: which node said what. */
export interface NodeAnswer {
  readonly endpoint: string
  readonly mspId: string
  readonly message: string
}

/** An operating fault of a call, with the gRPC status the client is to see. */
export class CallFault extends Error {
  readonly code: grpcStatus
  readonly answers: readonly NodeAnswer[]

  constructor(code: grpcStatus, message: string, answers: readonly NodeAnswer[] = []) {
    super(message)
    this.name = 'CallFault'
    this.code = code
    this.answers = answers
  }
}

export const invalid = (message: string): CallFault =>
  new CallFault(grpcStatus.INVALID_ARGUMENT, message)

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function detailsOf(fault: CallFault): Buffer {
  const status = new google.rpc.Status()
  status.setCode(fault.code)
  status.setMessage(fault.message)
  for (const answer of fault.answers) {
    const detail = new gateway.ErrorDetail()
    detail.setAddress(answer.endpoint)
    detail.setMspId(answer.mspId)
    detail.setMessage(answer.message)
    const any = status.addDetails()
    any.setTypeUrl('type.googleapis.com/gateway.ErrorDetail')
    any.setValue(detail.serializeBinary())
  }
  return Buffer.from(status.serializeBinary())
}

/** Status messages travel in a header: line breaks and controls would break the trailer. */
const headerSafe = (text: string): string => text.slice(0, 4096)

/**
 * What grpc-js sends for a failed call. Anything that is not a CallFault is a fault of this peer:
 * its text stays in the log, the caller gets INTERNAL.
 */
export function toServiceError(error: unknown): Partial<ServiceError> {
  if (!(error instanceof CallFault)) {
    return { code: grpcStatus.INTERNAL, details: 'internal error of the peer' }
  }
  const details = headerSafe(error.message)
  if (error.answers.length === 0) return { code: error.code, details }
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', detailsOf(error))
  return { code: error.code, details, metadata }
}
