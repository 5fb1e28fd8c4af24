import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePolicyText, type Signer } from '../../msp/index.ts'
import { openLedger, type Ledger, type LedgerOptions, type Simulation } from '../index.ts'
import { createTestNetwork, type TestNetwork } from './network.ts'
import {
  commitNext,
  definitionOf,
  deploy,
  endorse,
  signaturePolicyOf,
  type Endorsed,
} from './transactions.ts'

export const CHAINCODE = 'cc'
export const TWO_OF_THREE = "OutOf(2,'Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')"

/** One network for all tests of a process: certificates are slow to make. */
let network: Promise<TestNetwork> | undefined
export const sharedNetwork = (): Promise<TestNetwork> => (network ??= createTestNetwork())

export const applicationPolicy = (text: string): Uint8Array =>
  signaturePolicyOf(parsePolicyText(text))

/** Ledgers of one channel in folders of their own, and short ways to transact on them. */
export class TestChannel {
  readonly network: TestNetwork
  readonly #folder = mkdtempSync(join(tmpdir(), 'triflow-channel-'))
  readonly #open: Ledger[] = []
  #next = 0

  private constructor(network_: TestNetwork) {
    this.network = network_
  }

  static async create(): Promise<TestChannel> {
    return new TestChannel(await sharedNetwork())
  }

  newFolder(): string {
    this.#next += 1
    return join(this.#folder, String(this.#next))
  }

  async ledger(selfMspId = 'Org1MSP', options: Partial<LedgerOptions> = {}): Promise<Ledger> {
    const { channelId, genesisBlock } = this.network
    const ledger = await openLedger({
      directory: this.newFolder(),
      channelId,
      genesisBlock,
      selfMspId,
      trust: this.network.trust(),
      ...options,
    })
    this.#open.push(ledger)
    return ledger
  }

  peers(...numbers: readonly number[]): Signer[] {
    return numbers.map(number => this.network.peers[number - 1] as Signer)
  }

  user(number = 1): Signer {
    return this.network.users[number - 1] as Signer
  }

  deployment(
    ledger: Ledger,
    options: { policy?: string; collections?: Uint8Array; sequence?: number; name?: string } = {},
  ): Promise<Uint8Array> {
    const definition = definitionOf(options.name ?? CHAINCODE, {
      sequence: options.sequence ?? 1,
      validationParameter: applicationPolicy(options.policy ?? TWO_OF_THREE),
      collectionPackage: options.collections ?? new Uint8Array(0),
    })
    return deploy(ledger, { creator: this.user(), endorsers: this.peers(1, 2, 3) }, definition)
  }

  /** A ledger with the chaincode deployed. */
  async deployed(
    selfMspId = 'Org1MSP',
    options: Parameters<TestChannel['deployment']>[1] = {},
  ): Promise<Ledger> {
    const ledger = await this.ledger(selfMspId)
    await commitNext(ledger, [await this.deployment(ledger, options)])
    return ledger
  }

  transact(
    ledger: Ledger,
    work: (simulation: Simulation) => void,
    by: { endorsers?: readonly Signer[]; creator?: Signer; keepPrivate?: boolean } = {},
  ): Promise<Endorsed> {
    const options = {
      creator: by.creator ?? this.user(),
      endorsers: by.endorsers ?? this.peers(1, 2),
      chaincode: CHAINCODE,
      keepPrivate: by.keepPrivate ?? true,
    }
    return endorse(ledger, options, work)
  }

  put(
    ledger: Ledger,
    key: string,
    value: string,
    endorsers?: readonly Signer[],
  ): Promise<Endorsed> {
    const work = (simulation: Simulation): void =>
      simulation.putState({ namespace: CHAINCODE, key }, Buffer.from(value))
    return this.transact(ledger, work, endorsers === undefined ? {} : { endorsers })
  }

  async close(): Promise<void> {
    for (const ledger of this.#open) await ledger.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Commits and gives the codes. */
export const codesOf = async (
  ledger: Ledger,
  envelopes: readonly (Uint8Array | Endorsed)[],
): Promise<number[]> => {
  const bytes = envelopes.map(one => (one instanceof Uint8Array ? one : one.bytes))
  const block = await commitNext(ledger, bytes)
  return block.transactions.map(({ code }) => code)
}
