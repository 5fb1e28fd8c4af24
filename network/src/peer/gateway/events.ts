import { gateway, orderer, peer } from '@hyperledger/fabric-protos'
import type { Ledger } from '../../ledger/index.ts'
import type { DecodedBlock } from '../blocks/decode.ts'
import { feedOf } from '../blocks/feed.ts'
import { tryDecode } from '../wire/decode.ts'
import { invalid } from '../wire/faults.ts'
import { type ReaderParts, requireReader } from './commit-status.ts'

const VALID = peer.TxValidationCode.VALID

/** A stream towards a client; `send` resolves when the client can take more. */
export interface Outlet<T> {
  send(message: T): Promise<void>
  readonly signal: AbortSignal
}

function startOf(ledger: Ledger, request: gateway.ChaincodeEventsRequest): number {
  const after = request.getAfterTransactionId()
  const location = after ? ledger.transaction(after) : undefined
  if (location) return location.blockNumber
  const position = request.getStartPosition() ?? new orderer.SeekPosition()
  const Case = orderer.SeekPosition.TypeCase
  const kind = position.getTypeCase()
  if (kind === Case.SPECIFIED) return position.getSpecified()?.getNumber() ?? 0
  if (kind === Case.TYPE_NOT_SET || kind === Case.NEXT_COMMIT) return ledger.height()
  throw invalid('invalid start position type')
}

/** Events of one chaincode in one block; `after` is skipped up to and including its transaction. */
function matching(block: DecodedBlock, chaincode: string, after: string): peer.ChaincodeEvent[] {
  const at = after ? block.transactions.findIndex(t => t.txId === after) : -1
  return block.transactions
    .slice(at + 1)
    .filter(t => t.code === VALID)
    .flatMap(t => t.events)
    .filter(event => event.getChaincodeId() === chaincode)
}

/** Sends until the client goes away. @throws CallFault */
export async function chaincodeEvents(
  parts: ReaderParts,
  signed: gateway.SignedChaincodeEventsRequest,
  outlet: Outlet<gateway.ChaincodeEventsResponse>,
): Promise<void> {
  const message = signed.getRequest_asU8()
  if (message.length === 0) throw invalid('a chaincode events request is required')
  const request = tryDecode(gateway.ChaincodeEventsRequest, message)
  if (!request) throw invalid('invalid chaincode events request')
  const { ledger } = await requireReader(parts, {
    channelId: request.getChannelId(),
    creator: request.getIdentity_asU8(),
    message,
    signature: signed.getSignature_asU8(),
  })
  const feed = feedOf(ledger)
  const start = startOf(ledger, request)
  const chaincode = request.getChaincodeId()
  for (let number = start; await feed.available(number, outlet.signal); number += 1) {
    const after = number === start ? request.getAfterTransactionId() : ''
    const events = matching(await feed.read(number), chaincode, after)
    if (events.length === 0) continue
    const response = new gateway.ChaincodeEventsResponse()
    response.setBlockNumber(number)
    response.setEventsList(events)
    await outlet.send(response)
  }
}
