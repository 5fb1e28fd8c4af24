import { by } from '../network/routes.ts'
import type { Handlers } from '../platform/http/bind.ts'
import { scopeOf, type Services } from '../services.ts'
import {
  bidAccept,
  bidPlace,
  financingAcknowledge,
  financingClose,
  financingDecline,
  financingExpire,
  financingNotify,
  financingPayOut,
  financingRequest,
} from './operations.ts'
import { getRequest, listRequests } from './reading.ts'

type Names =
  | 'financing.request'
  | 'financing.list'
  | 'financing.get'
  | 'bids.place'
  | 'bids.accept'
  | 'financing.notify'
  | 'financing.acknowledge'
  | 'financing.payOut'
  | 'financing.close'
  | 'financing.decline'

export function financingHandlers(services: Services): Handlers<Names> {
  const { engine } = services
  engine.define(financingRequest(services))
  engine.define(bidPlace(services))
  engine.define(bidAccept(services))
  engine.define(financingNotify(services))
  engine.define(financingAcknowledge(services))
  engine.define(financingPayOut(services))
  engine.define(financingClose(services))
  engine.define(financingDecline(services))
  engine.define(financingExpire(services))
  return {
    'financing.request': async call => engine.perform('financing.request', call.body, by(call)),
    'financing.list': async ({ caller, query }) => listRequests(services, scopeOf(caller), query),
    'financing.get': async ({ caller, params }) =>
      getRequest(services, scopeOf(caller), params.requestId),
    'bids.place': async call =>
      engine.perform('bids.place', { ...call.params, ...call.body }, by(call)),
    'bids.accept': async call => engine.perform('bids.accept', call.params, by(call)),
    'financing.notify': async call =>
      engine.perform('financing.notify', { ...call.params, ...call.body }, by(call)),
    'financing.acknowledge': async call =>
      engine.perform('financing.acknowledge', call.params, by(call)),
    'financing.payOut': async call =>
      engine.perform('financing.payOut', { ...call.params, ...call.body }, by(call)),
    'financing.close': async call => engine.perform('financing.close', call.params, by(call)),
    'financing.decline': async call => engine.perform('financing.decline', call.params, by(call)),
  }
}
