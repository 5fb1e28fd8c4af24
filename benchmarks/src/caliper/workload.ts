/**
 * The workload that Caliper's worker loads: one round per step of issuing a certificate. The first round prepares
 * confirmed invoices; a round sends the transactions of its step, one per certificate.
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { WorkloadModuleBase, type Connector, type FabricRequest } from '@hyperledger/caliper-core'
import { CHAINCODE, CHANNEL } from './network.ts'
import { prepareIssue, type Call, type Issue, type Step, type Submit } from './trade.ts'

export interface RoundArguments {
  readonly step: Step
  /** How many certificates the rounds together issue. */
  readonly certificates: number
  /** Where the round's measurements go, JSON of RoundResult. */
  readonly resultFile: string
}

/** Caliper keeps the mean, the least and the greatest only; percentiles need every latency. */
export interface RoundResult {
  readonly latenciesMs: readonly number[]
  readonly failures: number
  /** From the first transaction sent to the last one answered. */
  readonly seconds: number
}

/** Kept between the rounds, which run in one process. */
let prepared: Promise<Issue> | undefined

const requestOf = ({ operation, caller }: Call): FabricRequest => ({
  channel: CHANNEL,
  contractId: CHAINCODE,
  contractFunction: `${operation.contract}:${operation.function}`,
  contractArguments: operation.args,
  transientMap: operation.transient,
  invokerMspId: caller.mspId,
  invokerIdentity: caller.name,
  ...(operation.endorsingOrganizations.length > 0
    ? { targetOrganizations: operation.endorsingOrganizations }
    : {}),
})

const ATTEMPTS = 5
const LAG_MS = 300

/** An endorser may not have committed yet what the transaction before wrote: ask again. */
const patiently =
  (connector: Connector): Submit =>
  async (operation, caller) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const status = await connector.sendRequests(requestOf({ operation, caller }))
      // The next transaction builds on this one, at peers that may be a block behind.
      await delay(LAG_MS)
      if (status.IsCommitted()) return { ok: true, payload: '', writes: 0 }
    }
    return { ok: false, code: `${operation.contract}:${operation.function} failed` }
  }

class IssueWorkload extends WorkloadModuleBase {
  #calls: Call[] = []
  #round: RoundArguments | undefined
  readonly #latenciesMs: number[] = []
  #failures = 0
  #began = 0
  #ended = 0

  override async initializeWorkloadModule(
    ...all: Parameters<WorkloadModuleBase['initializeWorkloadModule']>
  ): Promise<void> {
    await super.initializeWorkloadModule(...all)
    const round = this.roundArguments as RoundArguments
    prepared ??= prepareIssue(patiently(this.sutAdapter), round.certificates)
    this.#round = round
    this.#calls = [...(await prepared)[round.step]]
  }

  async submitTransaction(): Promise<void> {
    const call = this.#calls.shift()
    if (!call) throw new Error('more transactions were asked for than certificates prepared')
    const sent = performance.now()
    this.#began ||= sent
    const status = await this.sutAdapter.sendRequests(requestOf(call))
    this.#ended = performance.now()
    if (status.IsCommitted()) this.#latenciesMs.push(this.#ended - sent)
    else this.#failures += 1
  }

  override async cleanupWorkloadModule(): Promise<void> {
    const seconds = (this.#ended - this.#began) / 1000
    const result: RoundResult = {
      latenciesMs: this.#latenciesMs,
      failures: this.#failures,
      seconds,
    }
    if (this.#round) writeFileSync(this.#round.resultFile, JSON.stringify(result))
  }
}

export const createWorkloadModule = (): WorkloadModuleBase => new IssueWorkload()
