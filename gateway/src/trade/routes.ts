import type { Handlers } from '../platform/http/bind.ts'
import { scopeOf, type Services } from '../services.ts'
import {
  getInvoice,
  getOrder,
  listCreditNotes,
  listEntries,
  listInvoices,
  listMovements,
  listOrders,
} from './reading.ts'

type Names =
  | 'orders.list'
  | 'orders.get'
  | 'movements.list'
  | 'invoices.list'
  | 'invoices.get'
  | 'creditNotes.list'
  | 'statementEntries.list'

export function tradeHandlers(services: Services): Handlers<Names> {
  return {
    'orders.list': async ({ caller, query }) => listOrders(services, scopeOf(caller), query),
    'orders.get': async ({ caller, params }) => getOrder(services, scopeOf(caller), params.orderId),
    'movements.list': async ({ caller, query }) => listMovements(services, scopeOf(caller), query),
    'invoices.list': async ({ caller, query }) => listInvoices(services, scopeOf(caller), query),
    'invoices.get': async ({ caller, params }) =>
      getInvoice(services, scopeOf(caller), params.invoiceId),
    'creditNotes.list': async ({ caller, query }) =>
      listCreditNotes(services, scopeOf(caller), query),
    'statementEntries.list': async ({ caller, query }) =>
      listEntries(services, scopeOf(caller), query),
  }
}
