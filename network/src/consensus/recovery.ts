/** From the ledger and the vote log back to a replica that keeps every promise it made. */
import { advance, settle } from './agreement.ts'
import { invariant } from './invariant.ts'
import type { Certificate, Digest, LedgerBlock, NewViewMessage } from './model.ts'
import type { Effect, Settings, VoteRecord } from './protocol.ts'
import { changeSlot, emptyReplica, put, type Draft, type Replica } from './replica.ts'
import { chooseChain } from './selection.ts'
import { moveToNormal, signViewChange } from './viewChange.ts'

export interface Restart {
  readonly settings: Settings
  /** The newest blocks of the ledger, ascending; at least its tip (genesis at first). */
  readonly blocks: readonly LedgerBlock[]
  /** The vote log, oldest first, without a torn tail. */
  readonly records: readonly VoteRecord[]
  readonly now: number
}

interface Promises {
  accepted: Map<number, { view: number; hash: Digest }[]>
  decided: Map<number, Certificate>
  changing: number
  newView?: NewViewMessage
}

export function restart({ settings, blocks, records, now }: Restart): {
  replica: Replica
  effects: readonly Effect[]
} {
  const draft = emptyReplica(settings, blocks, now)
  const promises: Promises = { accepted: new Map(), decided: new Map(), changing: 0 }
  for (const record of records) recall(draft, promises, record)
  resumeView(draft, promises)
  redeliver(draft, promises)
  rebind(draft, promises)
  if (draft.phase === 'changing') signViewChange(draft)
  advance(draft)
  const { effects, ...replica } = draft
  return { replica, effects }
}

function recall(draft: Draft, promises: Promises, record: VoteRecord): void {
  const tip = draft.decided.height
  switch (record.kind) {
    case 'proposal':
      if (record.proposal.header.height <= tip) return
      draft.proposals = put(draft.proposals, record.proposal.hash, record.proposal)
      return
    case 'accepted': {
      const known = promises.accepted.get(record.height) ?? []
      promises.accepted.set(record.height, [...known, { view: record.view, hash: record.hash }])
      return
    }
    case 'prepared':
      if (record.certificate.header.height <= tip) return
      draft.prepared = put(draft.prepared, record.certificate.header.height, record.certificate)
      return
    case 'decided':
      promises.decided.set(record.certificate.header.height, record.certificate)
      return
    case 'changing':
      promises.changing = Math.max(promises.changing, record.view)
      return
    case 'entered':
      promises.newView = record.newView
  }
}

function resumeView(draft: Draft, promises: Promises): void {
  const { newView, changing } = promises
  if (newView) moveToNormal(draft, newView, chooseChain(newView.viewChanges))
  if (changing <= draft.view) return
  draft.view = changing
  draft.complaint = changing
  draft.phase = 'changing'
  draft.slots = new Map()
}

/** Blocks that were final here but had not reached the ledger. */
function redeliver(draft: Draft, promises: Promises): void {
  for (;;) {
    const certificate = promises.decided.get(draft.decided.height + 1)
    if (!certificate) return
    const proposal = draft.proposals.get(certificate.hash)
    invariant(proposal !== undefined, 'the log holds the bytes of every block it calls final')
    draft.effects.push({ kind: 'deliver', proposal, certificate })
    draft.unapplied = [...draft.unapplied, { proposal, certificate }]
    settle(
      draft,
      certificate,
      proposal.requests.map(request => request.digest),
    )
  }
}

/** What this replica accepted in its present view binds it still. */
function rebind(draft: Draft, promises: Promises): void {
  if (draft.phase !== 'normal') return
  for (const [height, accepted] of promises.accepted) {
    const last = accepted.find(({ view }) => view === draft.view)
    if (!last || height <= draft.decided.height) continue
    const proposal = draft.proposals.get(last.hash)
    invariant(proposal !== undefined, 'the log holds the bytes of every block it calls accepted')
    const certificate = draft.prepared.get(height)
    changeSlot(draft, height, {
      accepted: proposal,
      isPrepared: certificate?.view === draft.view && certificate.hash === last.hash,
    })
  }
}

/** The shortest log that restores what this replica is bound by: for compaction. */
export function snapshot(replica: Replica): VoteRecord[] {
  const proposals = [
    ...replica.unapplied.map(({ proposal }) => proposal),
    ...replica.proposals.values(),
  ]
  const certificates = [...replica.prepared.values()]
  const accepted = [...replica.slots.values()].flatMap(slot => slot.accepted ?? [])
  return [
    ...(replica.newView ? [{ kind: 'entered', newView: replica.newView } as const] : []),
    ...(replica.phase === 'changing' ? [{ kind: 'changing', view: replica.view } as const] : []),
    ...proposals.map(proposal => ({ kind: 'proposal', proposal }) as const),
    ...accepted.map(({ header, hash }) => {
      return { kind: 'accepted', view: replica.view, height: header.height, hash } as const
    }),
    ...certificates.map(certificate => ({ kind: 'prepared', certificate }) as const),
    ...replica.unapplied.map(({ certificate }) => ({ kind: 'decided', certificate }) as const),
  ]
}
