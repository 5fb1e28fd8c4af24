/**
 * The servers a network needs from outside: PostgreSQL, Redis, IPFS, and Chromium for browser tests.
 *
 * Each slot is filled by the best choice this machine offers, in a fixed order: a deployment named in the
 * environment, an installed server, a server brought along. A choice never starts anything by itself: it returns
 * a process description, so that one supervisor starts, watches and stops everything. A slot that cannot be filled
 * fails with `ServiceMissing`, whose advice is one line. Every server is the real one.
 *
 * May import node, the embedded servers' packages and `../supervisor/spec.ts`; knows nothing of ledgers or trade.
 */
export { choosePostgres, createDatabase, type DatabaseRequest } from './postgres.ts'
export { chooseRedis } from './redis.ts'
export { chooseIpfs } from './ipfs.ts'
export { chooseChromium } from './chromium.ts'
