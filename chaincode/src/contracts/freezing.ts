/** Freezes: the regulator's, by two persons, kept where nobody else can write and nothing can be vetoed. */
import { refuse } from '../model/index.ts'
import type { FreezeOrder, Opening, ReceivableRecord, RecordId } from '../model/index.ts'
import { object, opening, optional, seed, text } from '../model/shape.ts'
import { requireOrganization, requireSecondPerson } from './caller.ts'
import type { Transaction } from './transaction.ts'

export const orderSecret = object({ seed, reason: text(200) })
export const answerSecret = object({ seed, freeze: opening })
export const liftSecret = object({ seed, reason: text(200), freeze: optional(opening) })

type Item = { id: RecordId }

const ENDED: readonly ReceivableRecord['state'][] = ['REDEEMED', 'CANCELLED', 'WRITTEN_OFF']

const requireRegulator = async (tx: Transaction, id: RecordId): Promise<ReceivableRecord> => {
  requireOrganization(tx.caller, ...(await tx.policyState()).regulators)
  return tx.state('receivable', id)
}

const write = (
  tx: Transaction,
  id: RecordId,
  order: Pick<FreezeOrder, 'step' | 'reason'>,
): void => {
  tx.putPrivate('freeze', id, [tx.caller.mspId], { ...order, by: tx.caller.userId })
}

/** What was split lives in its children: of consumed paper only a root, which all of them look at. */
const requireFreezable = (id: RecordId, { state, root }: ReceivableRecord): void => {
  if (ENDED.includes(state) || (state === 'CONSUMED' && root !== id))
    refuse('MOVE_REFUSED', { cycle: 'receivable', state, move: 'freeze' })
}

export const proposeFreeze = async (
  tx: Transaction,
  { id }: Item,
  { reason }: ReturnType<typeof orderSecret>,
): Promise<void> => {
  requireFreezable(id, await requireRegulator(tx, id))
  await tx.requireAbsent('freeze', id, [tx.caller.mspId])
  write(tx, id, { step: 'PROPOSED', reason })
}

export const freeze = async (
  tx: Transaction,
  { id }: Item,
  secret: ReturnType<typeof answerSecret>,
): Promise<void> => {
  await requireRegulator(tx, id)
  const { step, by, reason } = await tx.open('freeze', id, [tx.caller.mspId], secret.freeze)
  requireSecondPerson(tx.caller, step === 'PROPOSED' ? by : undefined)
  write(tx, id, { step: 'FROZEN', reason })
}

const orderOf = (tx: Transaction, id: RecordId, held: Opening | undefined) =>
  tx.openIfAny('freeze', id, [tx.caller.mspId], held)

export const proposeUnfreeze = async (
  tx: Transaction,
  { id }: Item,
  secret: ReturnType<typeof liftSecret>,
): Promise<void> => {
  const record = await requireRegulator(tx, id)
  const order = await orderOf(tx, id, secret.freeze)
  if (order?.step !== 'FROZEN' && !(order === undefined && record.frozen === true))
    refuse('NOT_FROZEN')
  write(tx, id, { step: 'LIFTING', reason: secret.reason })
}

/** Ends a freeze that is to be lifted, and one that was only proposed: no single person holds paper up. */
export const unfreeze = async (
  tx: Transaction,
  { id }: Item,
  secret: ReturnType<typeof answerSecret>,
): Promise<void> => {
  const { frozen, ...record } = await requireRegulator(tx, id)
  const { step, by } = await tx.open('freeze', id, [tx.caller.mspId], secret.freeze)
  requireSecondPerson(tx.caller, step === 'FROZEN' ? undefined : by)
  tx.deletePrivate('freeze', id, tx.caller.mspId)
  if (step === 'LIFTING' && frozen === true) tx.putState('receivable', id, record)
}
