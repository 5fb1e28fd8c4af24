/**
 * A real ledger (Fabric or the embedded one) behind the interface of the in-memory world of contract tests.
 *
 * A World is kept beside it: every committed operation is played there too, so the openings are known
 * without asking, and an answer that differs between model and ledger fails the suite.
 */
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as grpc from '@grpc/grpc-js'
import { connect, signers } from '@hyperledger/fabric-gateway'
import type { Gateway, Network, Transaction } from '@hyperledger/fabric-gateway'
import { parseFault } from '@triflow/chaincode/model'
import type { FaultCode, Operation } from '@triflow/chaincode/model'
import type { World } from '@triflow/chaincode/testing'
import type { Answer, ForgedWrite, Identity, Ledger, Refused } from '@triflow/chaincode/testing'
import { issueCertificate } from '@triflow/network/msp'

type Peer = { name: string; endpoint: string; hostOverride: string; tlsCACert: string }
type Organization = { name: string; mspId: string; domain: string; peers: Peer[] }
export type Connection = { organizations: Organization[] }

const DEADLINE_MS = 60_000
const LAG_MS = 10_000
/** As the model in memory calls it. */
const DIFFERENT = 'ENDORSEMENTS_DIFFER'

export class RealLedger implements Ledger {
  readonly mirror: World
  readonly #dir: string
  readonly #connection: Connection
  readonly #clients = new Map<string, grpc.Client>()
  readonly #gateways = new Map<string, Gateway>()

  constructor(dir: string, mirror: World) {
    this.#dir = dir
    this.mirror = mirror
    this.#connection = JSON.parse(
      readFileSync(path.join(dir, 'connection.json'), 'utf8'),
    ) as Connection
  }

  organization(mspId: string): Organization {
    const found = this.#connection.organizations.find(each => each.mspId === mspId)
    if (found === undefined) throw new Error(`${mspId} is not in connection.json`)
    return found
  }

  #client(mspId: string): grpc.Client {
    const found = this.#clients.get(mspId)
    if (found !== undefined) return found
    const peer = this.organization(mspId).peers[0]
    if (peer === undefined) return this.#client('CoreMSP')
    const client = new grpc.Client(
      peer.endpoint,
      grpc.credentials.createSsl(readFileSync(peer.tlsCACert)),
      { 'grpc.ssl_target_name_override': peer.hostOverride },
    )
    this.#clients.set(mspId, client)
    return client
  }

  /** A connection as one user through one organisation's peer (the own one unless another is named). */
  async network(user: Identity, peerOf: string = user.mspId): Promise<Network> {
    const slot = JSON.stringify([user, peerOf])
    const known = this.#gateways.get(slot)
    if (known !== undefined) return known.getNetwork('scf')
    const { domain } = this.organization(user.mspId)
    const caFolder = path.join(this.#dir, 'organizations/peerOrganizations', domain, 'ca')
    const issued = await issueCertificate({
      caFolder,
      commonName: user.name,
      role: 'client',
      attributes: {
        role: user.role,
        ...(user.memberId === undefined ? {} : { memberId: user.memberId }),
      },
    })
    const key = createPrivateKey(issued.privateKeyPem as string)
    const gateway = connect({
      client: this.#client(peerOf),
      identity: { mspId: user.mspId, credentials: Buffer.from(issued.certificatePem) },
      signer: signers.newPrivateKeySigner(key),
      evaluateOptions: () => ({ deadline: Date.now() + DEADLINE_MS }),
      endorseOptions: () => ({ deadline: Date.now() + DEADLINE_MS }),
      submitOptions: () => ({ deadline: Date.now() + DEADLINE_MS }),
      commitStatusOptions: () => ({ deadline: Date.now() + DEADLINE_MS }),
    })
    this.#gateways.set(slot, gateway)
    return gateway.getNetwork('scf')
  }

  /**
   * Endorses, orders, waits. An endorser that has not committed the last block yet refuses what the model
   * accepts, or for another reason, or endorses what was read of an older state: then the operation is
   * submitted again, as a gateway would.
   */
  async submit(
    operation: Operation,
    caller: Identity,
    endorsers: readonly string[] = this.mirror.endorsersOf(operation),
  ): Promise<Answer> {
    this.mirror.epochSeconds = Math.floor(Date.now() / 1_000)
    const expected = await this.mirror.refusal(operation, caller, endorsers)
    const until = Date.now() + LAG_MS
    let answer = await this.#once(operation, caller, endorsers)
    while (!answer.ok && lags(answer, expected) && Date.now() < until) {
      await sleep(100)
      answer = await this.#once(operation, caller, endorsers)
    }
    if (!answer.ok) return answer
    const played = await this.mirror.submit(operation, caller, endorsers)
    if (!played.ok || played.payload !== answer.payload)
      throw new Error(`the model answers ${JSON.stringify(played)}, the ledger ${answer.payload}`)
    return answer
  }

  async #once(
    operation: Operation,
    caller: Identity,
    endorsers: readonly string[],
  ): Promise<Answer> {
    const network = await this.network(caller)
    const contract = network.getContract('triflow', operation.contract)
    const proposal = contract.newProposal(operation.function, {
      arguments: [...operation.args],
      transientData: { ...operation.transient },
      endorsingOrganizations: [...endorsers],
    })
    try {
      const transaction = await proposal.endorse()
      const code = await commit(network, transaction)
      if (code !== VALID) return { ok: false, code: codeName(code) }
      return { ok: true, payload: Buffer.from(transaction.getResult()).toString(), writes: 0 }
    } catch (error) {
      return refusalOf(error)
    }
  }

  async evaluate(operation: Operation, caller: Identity, peer?: string) {
    const peerOf = peer ?? operation.endorsingOrganizations[0] ?? caller.mspId
    const network = await this.network(caller, peerOf)
    try {
      const payload = await network
        .getContract('triflow', operation.contract)
        .evaluate(operation.function, {
          arguments: [...operation.args],
          endorsingOrganizations: [peerOf],
        })
      return { ok: true as const, payload: Buffer.from(payload).toString() }
    } catch (error) {
      const { code } = refusalOf(error)
      return { ok: false as const, code: code as FaultCode }
    }
  }

  /** Through the dishonest chaincode, which must run at the named organisations by then. */
  async collude(endorsers: readonly string[], writes: readonly ForgedWrite[]): Promise<Answer> {
    const [mspId = ''] = endorsers
    const network = await this.network({ mspId, name: 'colluder', role: 'operator' })
    try {
      const transaction = await network
        .getContract('triflow')
        .newProposal('forge', {
          transientData: { forged: JSON.stringify(writes) },
          endorsingOrganizations: [...endorsers],
        })
        .endorse()
      const code = await commit(network, transaction)
      if (code !== VALID) return { ok: false, code: codeName(code) }
    } catch (error) {
      return refusalOf(error)
    }
    return this.mirror.collude(endorsers, writes)
  }

  opening: World['opening'] = (...args) => this.mirror.opening(...args)
  holds: World['holds'] = (...args) => this.mirror.holds(...args)
  value: World['value'] = (...args) => this.mirror.value(...args)
  state: World['state'] = (...args) => this.mirror.state(...args)

  close(): void {
    for (const gateway of this.#gateways.values()) gateway.close()
    for (const client of this.#clients.values()) client.close()
  }
}

const VALID = 0
/** TxValidationCode of a transaction whose reads another one has overtaken: it has written nothing. */
const MVCC_READ_CONFLICT = 11

/**
 * Submits and answers the validation code. Fabric's orderers sometimes say "already processed" of a
 * transaction that is on its way: then it is looked up, never sent again.
 */
const commit = async (network: Network, transaction: Transaction): Promise<number> => {
  try {
    const committed = await transaction.submit()
    return (await committed.getStatus()).code
  } catch (error) {
    const { details = [] } = error as { details?: { message: string }[] }
    if (!details.some(({ message }) => message.includes('already processed'))) throw error
    return lookUp(network, transaction.getTransactionId())
  }
}

/** ProcessedTransaction{transactionEnvelope = 1, validationCode = 2}; a code of 0 is left out. */
const lookUp = async (network: Network, transactionId: string): Promise<number> => {
  const until = Date.now() + LAG_MS
  for (;;)
    try {
      const bytes = await network
        .getContract('qscc')
        .evaluateTransaction('GetTransactionByID', 'scf', transactionId)
      return codeAfter(bytes)
    } catch (error) {
      if (Date.now() > until) throw error
      await sleep(200)
    }
}
const codeAfter = (bytes: Uint8Array): number => {
  let [length, shift, offset] = [0, 0, 1]
  for (let more = true; more; offset += 1, shift += 7) {
    const byte = bytes[offset] as number
    length += (byte & 127) << shift
    more = byte > 127
  }
  return offset + length < bytes.length ? (bytes[offset + length + 1] as number) : VALID
}

/** Another refusal than the model's, answers that differ, or a read of the past: an endorser that is behind. */
const lags = (answer: Refused, expected: Refused | undefined): boolean =>
  answer.code === DIFFERENT ||
  answer.code === codeName(MVCC_READ_CONFLICT) ||
  (answer.fault !== undefined && codes(answer) !== codes(expected))

/** The code of a refusal, with those of the items where a batch was refused. */
const codes = (refusal: Refused | undefined): string => {
  const items = (refusal?.fault?.refusals ?? []) as { code: string }[]
  return [refusal?.code, ...items.map(({ code }) => code)].join(' ')
}

const codeName = (code: number): string =>
  code === 10 ? 'ENDORSEMENT_POLICY_FAILURE' : `CODE_${code}`

const refusalOf = (error: unknown): Answer & { ok: false } => {
  const { message, details = [] } = error as { message: string; details?: { message: string }[] }
  const fault = details.map(each => parseFault(each.message)).find(each => each !== undefined)
  if (fault !== undefined) return { ok: false, code: fault.code, fault }
  if (details.some(each => each.message.includes('ProposalResponsePayloads do not match')))
    return { ok: false, code: DIFFERENT }
  return { ok: false, code: [message, ...details.map(each => each.message)].join(' | ') }
}
