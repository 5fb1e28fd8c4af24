/**
 * The chaincode of the receivables ledger, for fabric-shim as it is.
 *
 * A contract is a thin class over the rules of `model/`: it takes the caller from the certificate, opens
 * private values by comparing hashes, asks the life cycles, applies the rule, writes. It reads no clock, no
 * random and no private value while it updates, so endorsers agree byte for byte.
 *
 * Imports fabric-contract-api and its own model, nothing else of ours. `contracts` is what
 * `fabric-chaincode-node server` looks for; main.ts starts the same as one process.
 */
import {
  ConfirmationContract,
  FinancingContract,
  MembersContract,
  ReceivablesContract,
  ReconciliationContract,
  RecordsContract,
  SettlementContract,
  TradeContract,
} from './contracts/index.ts'

export const contracts = [
  MembersContract,
  TradeContract,
  ReconciliationContract,
  ConfirmationContract,
  ReceivablesContract,
  FinancingContract,
  SettlementContract,
  RecordsContract,
]
