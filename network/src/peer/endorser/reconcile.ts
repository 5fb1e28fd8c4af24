import type { Ledger, MissingPrivate } from '../../ledger/index.ts'
import type { ChannelResources, PeerLog, RemotePeer, RemotePeers } from '../types.ts'
import { messageOf } from '../wire/faults.ts'
import { within } from '../wire/timing.ts'
import { PULL_DIGESTS_MAX, pulledFrom, pullRequest } from './private-data.ts'

/** Time between attempts while something is missing and nobody had it. */
const RETRY_MS = 2_000
const PULL_TIMEOUT_MS = 10_000
const tooLate = (): Error => new Error('the peer did not answer in time')

export interface ReconcileParts {
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly remote: RemotePeers
  readonly log: PeerLog
}

const keyOf = (place: {
  blockNumber: number
  index: number
  namespace: string
  collection: string
}) => JSON.stringify([place.blockNumber, place.index, place.namespace, place.collection])

/** Asks one peer for what is missing; returns how much was stored. */
async function pullFrom(
  parts: ReconcileParts,
  ledger: Ledger,
  peer: RemotePeer,
  missing: readonly MissingPrivate[],
): Promise<number> {
  const wanted = missing.filter(place => ledger.isCollectionMember(place, peer.mspId))
  if (wanted.length === 0) return 0
  try {
    const request = pullRequest(ledger.channelId, wanted)
    const pull = parts.remote.pullPrivate(peer.name, request)
    const answer = pulledFrom(await within(pull, PULL_TIMEOUT_MS, tooLate))
    const asked = new Map(wanted.map(place => [keyOf(place), place]))
    const fetched = answer.flatMap(({ place, rwset }) => {
      const match = asked.get(keyOf(place))
      return match ? [{ ...match, rwset }] : []
    })
    const outcomes = await ledger.storeFetchedPrivate(fetched)
    const wrong = outcomes.filter(outcome => outcome === 'hash_differs').length
    if (wrong > 0) parts.log.warn({ peer: peer.name, wrong }, 'private data with a wrong hash')
    return outcomes.filter(outcome => outcome === 'stored').length
  } catch (error) {
    parts.log.debug({ peer: peer.name, error: messageOf(error) }, 'private data not pulled')
    return 0
  }
}

/**
 * Brings private data that this peer should hold and did not get before its block came: from the
 * other members, each answer checked against the hash on the ledger.
 */
export class Reconciler {
  private readonly parts: ReconcileParts
  private readonly busy = new Set<string>()
  private readonly watched = new Map<string, () => void>()
  private readonly timer: NodeJS.Timeout
  private closed = false

  constructor(parts: ReconcileParts) {
    this.parts = parts
    this.timer = setInterval(() => this.visitAll(), RETRY_MS)
    this.timer.unref()
    this.visitAll()
  }

  close(): void {
    this.closed = true
    clearInterval(this.timer)
    for (const unsubscribe of this.watched.values()) unsubscribe()
  }

  private visitAll(): void {
    for (const [channelId, { ledger }] of this.parts.channels) {
      if (!this.watched.has(channelId)) {
        const unsubscribe = ledger.onCommit(block => {
          if (block.privateMissing > 0) void this.visit(channelId, ledger)
        })
        this.watched.set(channelId, unsubscribe)
      }
      void this.visit(channelId, ledger)
    }
  }

  private async visit(channelId: string, ledger: Ledger): Promise<void> {
    if (this.busy.has(channelId) || this.closed) return
    this.busy.add(channelId)
    try {
      await this.reconcile(channelId, ledger)
    } catch (error) {
      this.parts.log.warn({ channelId, error: messageOf(error) }, 'private data reconciliation')
    } finally {
      this.busy.delete(channelId)
    }
  }

  private async reconcile(channelId: string, ledger: Ledger): Promise<void> {
    let progress = true
    while (progress && !this.closed) {
      progress = false
      for (const peer of this.parts.remote.peers(channelId)) {
        const missing = ledger.missingPrivate(PULL_DIGESTS_MAX)
        if (missing.length === 0) return
        const stored = await pullFrom(this.parts, ledger, peer, missing)
        progress ||= stored > 0
      }
    }
  }
}
