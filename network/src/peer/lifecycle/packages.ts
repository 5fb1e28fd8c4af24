import type { Ledger } from '../../ledger/index.ts'
import { privateName, readPackageId } from './definition.ts'
import { implicitCollection, lifecycleState } from './state.ts'

export interface PackageFinder {
  /** The package this organisation approved for the definition; undefined: not to be run here. */
  find(ledger: Ledger, chaincode: string, sequence: number): string | undefined
}

interface Cache {
  readonly height: number
  readonly packages: Map<string, string | undefined>
}

/** The transaction id of reads that belong to no transaction. */
const NO_TRANSACTION = '0'.repeat(64)

function readApproved(ledger: Ledger, mspId: string, name: string): string | undefined {
  const simulation = ledger.newSimulation({ txId: NO_TRANSACTION, creatorMspId: mspId })
  try {
    return readPackageId(lifecycleState(simulation, implicitCollection(mspId)), name) || undefined
  } catch {
    // The approval is committed but its private part has not arrived yet.
    return undefined
  } finally {
    simulation.close()
  }
}

/**
 * Finds packages by the organisation's approval, read outside the transaction so that it leaves
 * no trace in its read set. An answer holds until the next block.
 */
export function createPackageFinder(mspId: string): PackageFinder {
  const known = new WeakMap<Ledger, Cache>()
  return {
    find: (ledger, chaincode, sequence) => {
      const height = ledger.height()
      const before = known.get(ledger)
      const cache: Cache =
        before && before.height === height ? before : { height, packages: new Map() }
      known.set(ledger, cache)
      const name = privateName(chaincode, sequence)
      if (!cache.packages.has(name)) cache.packages.set(name, readApproved(ledger, mspId, name))
      return cache.packages.get(name)
    },
  }
}

interface Runnable {
  /** Chaincodes that are defined on the channel, approved with a package, and bound here. */
  of(ledger: Ledger): readonly string[]
  /** A binding has changed. */
  forget(): void
}

export function createRunnable(
  packages: PackageFinder,
  runtime: { canRun(packageId: string): boolean },
): Runnable {
  let known = new WeakMap<Ledger, { height: number; chaincodes: readonly string[] }>()
  const compute = (ledger: Ledger): readonly string[] =>
    ledger
      .definitions()
      .filter(({ name, sequence }) => {
        const packageId = packages.find(ledger, name, sequence)
        return packageId !== undefined && runtime.canRun(packageId)
      })
      .map(({ name }) => name)
  return {
    of: ledger => {
      const height = ledger.height()
      const before = known.get(ledger)
      if (before && before.height === height) return before.chaincodes
      const chaincodes = compute(ledger)
      known.set(ledger, { height, chaincodes })
      return chaincodes
    },
    forget: () => {
      known = new WeakMap()
    },
  }
}
