/** Puts the orderer together: log, keys, core, links and ledger. */
import { mkdir } from 'node:fs/promises'
import {
  LIMITS,
  quorumOf,
  restart,
  TIMEOUTS,
  leaderOf,
  type LedgerBlock,
  type Limits,
  type Settings,
  type VoteRecord,
} from '../consensus/index.ts'
import { assembleBlock, readBlock } from './block.ts'
import { BlockLine } from './blockLine.ts'
import type { Bounds } from './codec.ts'
import { encode } from './codec.ts'
import { Counters } from './counters.ts'
import { digests, requestOf, requireCanonical } from './digests.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { BlockFetcher } from './fetcher.ts'
import { InspectionDesk } from './inspection.ts'
import { Notary } from './notary.ts'
import { decodeRecord } from './records.ts'
import { clock, ReplicaShell, type Delivery, type Output } from './replicaShell.ts'
import type { Orderer, OrdererOptions, OrdererStatus, SubmitOutcome } from './types.ts'
import { VoteLog, VoteLogError } from './voteLog.ts'
import { Malformed } from './wire.ts'

const INSPECTIONS_AT_ONCE = 64
const LOG_BYTES_MAX = 64 * 1024 * 1024
/** Room in a log for batches of an earlier, larger configuration. */
const RECORD_BOUNDS: Bounds = { replicas: 1_000, window: 1_000, batchCount: 1e6, batchBytes: 1e9 }

/**
 * Opens the orderer of one channel, from whatever an earlier process left behind. Blocks that were
 * final but had not reached the ledger are handed to the handler first. Throws VoteLogError.
 */
export async function openOrderer(options: OrdererOptions): Promise<Orderer> {
  await mkdir(options.directory, { recursive: true })
  const { log, bodies } = await VoteLog.open(options.directory)
  const settings = settingsOf(options)
  try {
    const records = recordsOf(bodies)
    const blocks = newestBlocks(options, settings.limits)
    const restarted = restart({ settings, blocks, records, now: clock() })
    const orderer = new ChannelOrderer(options, settings, log, restarted.replica)
    orderer.start(restarted.effects)
    return orderer
  } catch (error) {
    await log.close()
    throw error
  }
}

function recordsOf(bodies: readonly Uint8Array[]): VoteRecord[] {
  try {
    return bodies.map(body => decodeRecord(body, RECORD_BOUNDS))
  } catch (error) {
    throw new VoteLogError('VOTE_LOG_CORRUPT', String(error))
  }
}

function settingsOf(options: OrdererOptions): Settings {
  const { config, consenterId } = options
  const { batch } = config
  return {
    self: consenterId,
    replicas: config.consenters.map(({ id }) => id).sort((left, right) => left - right),
    timeouts: { ...TIMEOUTS, ...options.timeouts },
    limits: {
      ...LIMITS,
      batchCount: batch.maxMessageCount,
      batchPreferredBytes: Math.min(batch.preferredMaxBytes, batch.absoluteMaxBytes),
      batchMaxBytes: batch.absoluteMaxBytes,
      ...options.limits,
    },
    digests,
  }
}

/** The tip of the ledger and the blocks below it in which a request counts as ordered lately. */
function newestBlocks(options: OrdererOptions, limits: Limits): LedgerBlock[] {
  const configNumber = options.config.blockNumber
  const { block: tip } = readBlock(options.lastBlock, configNumber)
  const blocks = [tip]
  const first = Math.max(0, tip.header.height - limits.dedupBlocks + 1)
  for (let number = tip.header.height - 1; number >= first; number -= 1) {
    const bytes = options.readBlock(number)
    if (!bytes) break
    blocks.unshift(readBlock(bytes, configNumber).block)
  }
  return blocks
}

class ChannelOrderer implements Orderer {
  private readonly options: OrdererOptions
  private readonly settings: Settings
  private readonly log: VoteLog
  private readonly counters = new Counters()
  private readonly shell: ReplicaShell
  private readonly line: BlockLine
  private readonly desk: InspectionDesk
  private readonly door: Doorkeeper
  private readonly fetcher: BlockFetcher
  private faultHandler: ((fault: Error) => void) | undefined
  private fault: Error | undefined

  constructor(
    options: OrdererOptions,
    settings: Settings,
    log: VoteLog,
    replica: ReplicaShell['replica'],
  ) {
    this.options = options
    this.settings = settings
    this.log = log
    const { config, consenterId, signer } = options
    const notary = new Notary(config, consenterId, signer)
    const { counters } = this
    const onFault = (fault: Error): void => this.fail(fault)
    this.shell = new ReplicaShell(replica, {
      log,
      logBytesMax: options.logBytesMax ?? LOG_BYTES_MAX,
      counters,
      onFault,
      sign: ballot => notary.sign(ballot),
      release: output => this.release(output),
      deliver: delivery => this.deliver(delivery),
    })
    const { shell } = this
    this.line = new BlockLine({
      height: replica.applied,
      onFault,
      onDurable: block => this.noteDurable(block),
    })
    this.desk = new InspectionDesk(envelope => options.inspect(envelope), {
      atOnceMax: INSPECTIONS_AT_ONCE,
      waitingMax: settings.limits.poolCount,
    })
    const { desk } = this
    this.door = new Doorkeeper({ shell, desk, notary, counters, settings })
    this.fetcher = new BlockFetcher({
      quorum: quorumOf(settings.replicas.length),
      configNumber: config.blockNumber,
      links: options.links,
      timeoutMs: settings.timeouts.fetchTimeoutMs,
      notary,
      counters,
    })
  }

  start(effects: Parameters<ReplicaShell['start']>[0]): void {
    this.shell.start(effects)
  }

  async submit(envelope: Uint8Array): Promise<SubmitOutcome> {
    try {
      requireCanonical(envelope)
    } catch (error) {
      return { outcome: 'refused', code: 'ENVELOPE_MALFORMED', message: String(error) }
    }
    return this.door.submit(requestOf(envelope))
  }

  receive(fromConsenterId: number, frame: Uint8Array): void {
    this.door.receive(fromConsenterId, frame)
  }

  onBlock(handler: (block: Uint8Array) => Promise<void>): void {
    this.line.setHandler(handler)
  }

  caughtUp(bytes: Uint8Array): void {
    try {
      const { block } = readBlock(bytes, this.options.config.blockNumber)
      this.line.skipTo(block.header.height)
      this.noteDurable(block)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.counters.add('malformed_block')
    }
  }

  onFault(handler: (fault: Error) => void): void {
    this.faultHandler = handler
    if (this.fault) handler(this.fault)
  }

  status(): OrdererStatus {
    const { view, phase, decided, applied, pool } = this.shell.replica
    const leader = leaderOf(this.settings.replicas, view)
    const pending = pool.entries.size
    return { view, phase, leader, height: decided.height, applied, pending }
  }

  metrics(): Record<string, number> {
    const { view, decided, applied, pool, slots } = this.shell.replica
    return {
      ...this.counters.read(),
      view,
      height: decided.height,
      applied,
      pending: pool.entries.size,
      in_flight: slots.size,
      inspecting: this.desk.length,
      log_bytes: this.log.size,
    }
  }

  async close(): Promise<void> {
    await this.shell.close()
    await this.line.close()
    await this.log.close()
  }

  private release(output: Output): void {
    switch (output.kind) {
      case 'send': {
        const frame = encode(output.message)
        const { replicas, self } = this.settings
        const targets = output.to === 'others' ? replicas.filter(id => id !== self) : [output.to]
        for (const target of targets) this.options.links.send(target, frame)
        this.counters.add(`sent_${output.message.kind}`, targets.length)
        return
      }
      case 'fetch':
        void this.fetch(output)
    }
  }

  private deliver({ proposal, certificate }: Delivery): void {
    const bytes = assembleBlock(proposal, certificate, this.options.config.blockNumber)
    const { header, hash, requests } = proposal
    const block = { header, hash, certificate, digests: requests.map(({ digest }) => digest) }
    this.line.push({ block, bytes })
    this.counters.add('blocks')
    this.counters.add('envelopes', requests.length)
  }

  private async fetch({ from, first, last }: Extract<Output, { kind: 'fetch' }>): Promise<void> {
    // What stands in the line already is not fetched again.
    const start = Math.max(first, this.line.next)
    const blocks = start > last ? [] : await this.fetcher.fetch(from, start, last)
    for (const block of blocks) this.line.push(block)
    if (start <= last && blocks.length === 0) {
      this.shell.take({ kind: 'fetchFailed', from })
      return
    }
    this.shell.take({ kind: 'fetched', from, last: start + blocks.length - 1 })
  }

  private noteDurable(block: LedgerBlock): void {
    const { height } = block.header
    if (height > this.shell.replica.decided.height) {
      this.shell.take({ kind: 'blocks', blocks: [block] })
    }
    this.shell.take({ kind: 'applied', height })
  }

  private fail(fault: Error): void {
    if (this.fault) return
    this.fault = fault
    this.shell.stop()
    this.options.log?.error({ fault: fault.message }, 'the orderer stopped')
    this.faultHandler?.(fault)
  }
}
