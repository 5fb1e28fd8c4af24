/** The contracts, in the order of a trade's life. */
export { MembersContract } from './members.ts'
export { TradeContract } from './trade.ts'
export { ReconciliationContract } from './reconciliation.ts'
export { ConfirmationContract } from './confirmation.ts'
export { ReceivablesContract } from './receivables.ts'
export { FinancingContract } from './financing.ts'
export { SettlementContract } from './settlement.ts'
export { RecordsContract } from './records.ts'
