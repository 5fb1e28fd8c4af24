/** What every contract about certificates needs: the record, its authentic terms, its root, its holder. */
import { refuse, moveTo } from '../model/index.ts'
import type {
  MoveOf,
  MspId,
  Opening,
  ReceivableRecord,
  ReceivableTerms,
  RecordId,
} from '../model/index.ts'
import { endorsedByAll } from './policy.ts'
import { distinct } from './transaction.ts'
import type { Transaction } from './transaction.ts'

export type Held = {
  id: RecordId
  record: ReceivableRecord
  terms: ReceivableTerms
  parties: MspId[]
}

export const partiesOf = ({ obligorMsp, holderMsp }: ReceivableRecord): MspId[] => [
  obligorMsp,
  holderMsp,
]

/**
 * Opens a certificate. Its terms must stand in the obligor's and the holder's collections: a record that
 * others wrote without the obligor is not authentic, whatever its public state says.
 */
export const openCertificate = async (
  tx: Transaction,
  id: RecordId,
  opening: Opening,
): Promise<Held> => {
  const record = await tx.state('receivable', id)
  const parties = partiesOf(record)
  const { salt: _, ...terms } = await tx.open('receivable', id, parties, opening)
  // Only the obligor's own organisation can owe: others could name it in terms they both hold.
  const { mspId } = await tx.state('member', terms.obligor)
  if (mspId !== record.obligorMsp) refuse('RECORD_NOT_AUTHENTIC', { kind: 'receivable', id })
  return { id, record, terms, parties }
}

/** Whether a regulator's collection holds an order over it: proposed, in force or about to be lifted. */
const isOrdered = async (tx: Transaction, id: RecordId): Promise<boolean> => {
  for (const mspId of (await tx.policyState()).regulators)
    if ((await tx.commitment('freeze', id, mspId)) !== undefined) return true
  return false
}

/**
 * Frozen paper does not move, nor does paper that a regulator has only begun to freeze: its holder reads the
 * proposal too and would be faster. A frozen root freezes all that came from it.
 */
export const requireUnfrozen = async (
  tx: Transaction,
  { id, record }: Pick<Held, 'id' | 'record'>,
): Promise<void> => {
  const root = record.root === id ? record : await tx.state('receivable', record.root)
  const isFrozen =
    record.frozen === true ||
    root.frozen === true ||
    (await isOrdered(tx, id)) ||
    (record.root !== id && (await isOrdered(tx, record.root)))
  if (isFrozen) refuse('FROZEN', { id })
}

/** Moves a certificate along its life cycle; an old lock or pending step does not survive unless given. */
export const moveCertificate = (
  tx: Transaction,
  { id, record }: Pick<Held, 'id' | 'record'>,
  move: MoveOf<'receivable'>,
  changes: Partial<ReceivableRecord> = {},
): void => {
  const { lock: _lock, pending: _pending, ...rest } = record
  const state = moveTo('receivable', record.state, move)
  tx.putState('receivable', id, { ...rest, state, ...changes })
}

export const putTerms = (tx: Transaction, { id, parties }: Held, terms: ReceivableTerms): void => {
  tx.putPrivate('receivable', id, parties, terms)
}

/** A new holder: its organisation gets the terms and a say, the old one's copy and say end. */
export const changeHolder = (
  tx: Transaction,
  held: Held,
  next: { move: MoveOf<'receivable'>; holder: string; holderMsp: MspId },
): void => {
  const { id, record, terms } = held
  const { obligorMsp, holderMsp: before } = record
  const { move, holder, holderMsp } = next
  moveCertificate(tx, held, move, { holderMsp })
  tx.putPrivate('receivable', id, [obligorMsp, holderMsp], { ...terms, holder })
  if (holderMsp === before) return
  tx.protect('receivable', id, endorsedByAll([obligorMsp, holderMsp]))
  if (before !== obligorMsp) tx.deletePrivate('receivable', id, before)
}

export const allParties = (record: ReceivableRecord, ...others: (MspId | undefined)[]): MspId[] =>
  distinct([...partiesOf(record), ...others])
