import type { Ledger } from '../../ledger/index.ts'
import { privateName, readPackageId } from './definition.ts'
import { implicitCollection, lifecycleState } from './state.ts'

export interface PackageFinder {
  /** The package this organisation approved for the definition; undefined: not to be run here. */
  find(ledger: Ledger, chaincode: string, sequence: number): string | undefined
}

/** What was found at a height, and the height to which it goes back. */
interface Found {
  readonly packageId: string | undefined
  readonly height: number
  readonly lifecycleHeight: number
}

/** A private half that was missing may come at any time; a package that was found stands until a lifecycle changes. */
const stillHolds = (found: Found, ledger: Ledger): boolean =>
  found.lifecycleHeight === ledger.lifecycleHeight() &&
  (found.packageId !== undefined || found.height === ledger.height())

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
 * no trace in its read set.
 */
export function createPackageFinder(mspId: string): PackageFinder {
  const known = new WeakMap<Ledger, Map<string, Found>>()
  return {
    find: (ledger, chaincode, sequence) => {
      const packages = known.get(ledger) ?? new Map<string, Found>()
      known.set(ledger, packages)
      const name = privateName(chaincode, sequence)
      const before = packages.get(name)
      if (before && stillHolds(before, ledger)) return before.packageId
      const [height, lifecycleHeight] = [ledger.height(), ledger.lifecycleHeight()]
      const packageId = readApproved(ledger, mspId, name)
      packages.set(name, { packageId, height, lifecycleHeight })
      return packageId
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
