/** Everything that may go wrong in operation; a caller switches on `code`, never on text. */
export type LedgerFaultCode =
  | 'BLOCK_MALFORMED'
  | 'BLOCK_OUT_OF_ORDER'
  | 'BLOCK_FORKED'
  | 'BLOCK_DATA_HASH'
  | 'BLOCK_RECUT'
  | 'BLOCK_CERTIFICATE'
  | 'BLOCK_CORRUPT'
  | 'LEDGER_CLOSED'
  | 'LEDGER_OTHER_GENESIS'
  | 'SIMULATION_CLOSED'
  | 'KEY_INVALID'
  | 'VALUE_INVALID'
  | 'WRITE_AFTER_QUERY'
  | 'QUERY_AFTER_WRITE'
  | 'COLLECTION_UNKNOWN'
  | 'COLLECTION_READ_DENIED'
  | 'COLLECTION_WRITE_DENIED'
  | 'PRIVATE_VALUE_MISSING'
  | 'PRIVATE_DATA_MALFORMED'
  | 'CHAINCODE_UNKNOWN'

/** An operating fault with a code; the message is fit for a proposal response. */
export class LedgerFault extends Error {
  readonly code: LedgerFaultCode

  constructor(code: LedgerFaultCode, message: string) {
    super(message)
    this.name = 'LedgerFault'
    this.code = code
  }
}

export const isLedgerFault = (error: unknown, code?: LedgerFaultCode): error is LedgerFault =>
  error instanceof LedgerFault && (code === undefined || error.code === code)
