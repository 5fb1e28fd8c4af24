/**
 * What a program needs to speak to a gateway: the names of all routes, the types of what goes in and comes
 * out, and a small client on `fetch`. Browser-safe: it imports types and one generated table of paths, no
 * server code and no schema library.
 */
export { createClient, GatewayProblem, type Client, type ClientOptions } from './client.ts'
export { routeTable } from './generated/routes.ts'
export type { Input, Output, RouteName } from './types.ts'
export type { Principal, Session } from '../sessions/api.ts'
export type { ImportReport } from '../imports/api.ts'
export type { Operation, Problem, ItemOutcome } from '../platform/http/schemas.ts'
export type { Invoice } from '../trade/api.ts'
export type { Certificate } from '../receivables/api.ts'
export type { ReconciliationReport } from '../reports/api.ts'
export type { Role } from '../platform/http/route.ts'
