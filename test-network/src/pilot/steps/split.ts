import type { Certificate } from '@triflow/gateway/client'
import type { Firm } from '../../generator/index.ts'
import { inParallel, until } from '../patience.ts'
import { allItemsOk, everything, transactionOf, type Stage } from '../stage.ts'
import { makerOf, suppliersOf } from './certificates.ts'

/** One payment up the chain: a holder splits a certificate and hands parts of it to its own suppliers. */
interface Handover {
  readonly holder: Firm
  readonly certificateId: string
  /** Faces of the children, in order; the first stays with the holder. */
  readonly amountsFen: readonly string[]
  readonly payees: readonly Firm[]
}

/** Tier 1 pays tier 2 with parts of a certificate, tier 2 pays tier 3 with parts of those parts. */
export async function splitUpTheChain(stage: Stage): Promise<void> {
  const [tier1, tier2, tier3] = [
    suppliersOf(stage, 1),
    suppliersOf(stage, 2),
    suppliersOf(stage, 3),
  ]
  const first = await inParallel(tier1, 3, (holder: Firm) => {
    const index = tier1.indexOf(holder)
    const payees = [tier2[index], tier2[(index + 6) % tier2.length]].filter(isFirm)
    return plan(stage, holder, payees, [50n, 30n, 20n])
  })
  await handOver(stage, 'tier 1 to tier 2', first.filter(isPlanned))
  const second = await inParallel(tier2.slice(0, tier3.length), 3, (holder: Firm) => {
    const payees = [tier3[tier2.indexOf(holder)]].filter(isFirm)
    return plan(stage, holder, payees, [60n, 40n])
  })
  await handOver(stage, 'tier 2 to tier 3', second.filter(isPlanned))
}

const isFirm = (firm: Firm | undefined): firm is Firm => firm !== undefined
const isPlanned = (handover: Handover | undefined): handover is Handover => handover !== undefined

/** Chooses the holder's largest certificate, once, and remembers the choice. */
async function plan(
  stage: Stage,
  holder: Firm,
  payees: readonly Firm[],
  percents: readonly bigint[],
): Promise<Handover | undefined> {
  const note = `split/${holder.memberId}`
  const maker = await makerOf(stage, holder)
  let chosen = stage.notes.get<{ certificateId: string; faceFen: string }>(note)
  if (!chosen) {
    const held = await everything(maker, 'certificates.list', { state: 'ACTIVE', side: 'HOLDER' })
    const largest = held.sort(byFace)[0]
    if (!largest?.faceFen) return undefined
    chosen = { certificateId: largest.certificateId, faceFen: largest.faceFen }
    stage.notes.set(note, chosen)
  }
  return {
    holder,
    payees,
    certificateId: chosen.certificateId,
    amountsFen: shares(BigInt(chosen.faceFen), percents),
  }
}

const byFace = (a: Certificate, b: Certificate): number =>
  BigInt(b.faceFen ?? '0') > BigInt(a.faceFen ?? '0') ? 1 : -1

/** Parts in per cent that sum exactly to the face: the first takes the rest. */
function shares(faceFen: bigint, percents: readonly bigint[]): string[] {
  const others = percents.slice(1).map(percent => (faceFen * percent) / 100n)
  const rest = faceFen - others.reduce((sum, part) => sum + part, 0n)
  return [rest, ...others].map(String)
}

async function handOver(
  stage: Stage,
  label: string,
  handovers: readonly Handover[],
): Promise<void> {
  let txId: string | undefined
  const children = await inParallel(handovers, 3, async handover => {
    const split = await splitOnce(stage, handover)
    txId ??= split.txId
    return split.children
  })
  stage.tell({
    what: `Certificates split, ${label}: children`,
    count: children.flat().length,
    ...(txId === undefined ? {} : { txId }),
  })
  const handed = handovers.flatMap((handover, index) =>
    handover.payees.map((payee, at) => ({
      holder: handover.holder,
      payee,
      certificateId: children[index]?.[at + 1] ?? '',
      amountFen: handover.amountsFen[at + 1] ?? '0',
    })),
  )
  await inParallel(handed, 4, one => offerTransfer(stage, one))
  await inParallel([...new Set(handed.map(one => one.payee))], 4, payee =>
    signOff(
      stage,
      payee,
      handed.filter(one => one.payee === payee),
    ),
  )
  stage.tell({
    what: `Parts signed off, ${label}`,
    count: handed.length,
    amountFen: String(handed.reduce((sum, one) => sum + BigInt(one.amountFen), 0n)),
  })
}

async function splitOnce(
  stage: Stage,
  handover: Handover,
): Promise<{ children: string[]; txId?: string }> {
  const maker = await makerOf(stage, handover.holder)
  const params = { certificateId: handover.certificateId }
  const before = await maker.call('certificates.get', { params })
  if (before.children.length > 0) {
    return { children: await inOrder(stage, handover, before.children) }
  }
  const body = { amountsFen: [...handover.amountsFen] }
  const operation = allItemsOk(
    await maker.perform('certificates.split', { params, body }),
    'certificates.split',
  )
  const children = operation.items.map(item => item.resultId ?? '')
  return { children, ...transactionOf(operation) }
}

/** Children of an earlier start, put back into the order of the amounts. */
async function inOrder(
  stage: Stage,
  handover: Handover,
  children: readonly string[],
): Promise<string[]> {
  const maker = await makerOf(stage, handover.holder)
  const found = await Promise.all(
    children.map(certificateId => maker.call('certificates.get', { params: { certificateId } })),
  )
  return handover.amountsFen.map(
    amount => found.find(child => child.faceFen === amount)?.certificateId ?? '',
  )
}

interface Handed {
  readonly holder: Firm
  readonly payee: Firm
  readonly certificateId: string
  readonly amountFen: string
}

async function offerTransfer(stage: Stage, handed: Handed): Promise<void> {
  const maker = await makerOf(stage, handed.holder)
  const params = { certificateId: handed.certificateId }
  const child = await until('the child to be there', async () => {
    const found = await maker.call('certificates.get', { params }).catch(() => undefined)
    return found
  })
  if (child.state !== 'ACTIVE' || child.holder?.memberId !== handed.holder.memberId) return
  await maker.perform('transfers.offer', { params, body: { toMemberId: handed.payee.memberId } })
}

async function signOff(stage: Stage, payee: Firm, handed: readonly Handed[]): Promise<void> {
  const maker = await makerOf(stage, payee)
  const states = await until('transfers to reach the payee', async () => {
    const found = await Promise.all(
      handed.map(({ certificateId }) =>
        maker.call('certificates.get', { params: { certificateId } }).catch(() => undefined),
      ),
    )
    const arrived = found.filter(
      one => one && (one.state === 'LOCKED_TRANSFER' || one.holder?.memberId === payee.memberId),
    )
    return arrived.length === handed.length ? arrived : undefined
  })
  const open = states.filter(one => one?.state === 'LOCKED_TRANSFER')
  if (open.length === 0) return
  const body = { certificateIds: open.map(one => one?.certificateId ?? '') }
  allItemsOk(await maker.perform('transfers.signOff', { body }), 'transfers.signOff')
}
