/**
 * The outside world of a network on one machine: two banks, the tax office and the movables registry.
 *
 * Each is a simulator and says so: in its name, in every answer (`simulator`), in the header `X-Simulator` and on its
 * page. They speak the formats the real ones speak (pain.001 in, camt.053 out), so that replacing one is a
 * change of address.
 *
 * Invariants: what was answered survives kill -9 (every change is on disk before the answer leaves); the same request
 * twice has one effect; a bank's balances add up and it never pays what an account does not hold; time is a virtual
 * calendar that only moves forward.
 *
 * May import node, express and the generator's file formats; nothing of the product.
 */
export { startSimulators, type Simulators } from './server.ts'
export { type AccountOpening, type BankBook } from './bank.ts'
export { openRegister, searchHash } from './registry.ts'
