import { parseFault } from '@triflow/chaincode/model'
import type { Outcome } from './outcome.ts'

interface Detail {
  readonly mspId?: string
  readonly message?: string
}

/** The fields of the gateway library's errors that we read; anything thrown may be passed in. */
interface GatewayFailure {
  readonly code?: number
  readonly message?: string
  readonly details?: readonly Detail[]
}

/** The gRPC status of an error, or undefined where it is not one of gRPC's. */
export function grpcCode(error: unknown): number | undefined {
  const { code } = error as GatewayFailure
  return typeof code === 'number' ? code : undefined
}

/** How an endorser quotes its contract; what the peer itself says (a time-out, a lost stream) reads otherwise. */
const CONTRACT_ANSWER = /chaincode response \d+, (?!.*(timeout expired|stream terminated))/s

/** What an error of Endorse means. Details are read first: they hold each endorser's own words. */
export function endorsementOutcome(error: unknown): Outcome {
  const failure = error as GatewayFailure
  const texts = [...(failure.details ?? []).map(d => d.message ?? ''), failure.message ?? '']
  for (const text of texts) {
    const fault = parseFault(text)
    if (fault) return { kind: 'refused', fault }
  }
  const broken = texts.find(text => CONTRACT_ANSWER.test(text))
  if (broken) return { kind: 'broken', detail: broken }
  return { kind: 'unendorsed', detail: texts.find(text => text !== '') ?? String(error) }
}
