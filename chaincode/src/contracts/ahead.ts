/**
 * What a function will ask for, known before it runs: read in its first message to the peer, because every later one
 * is another round trip.
 */
import { isFault, readOpening } from '../model/index.ts'
import type { Opening, PrivateKind, PrivateValues, RecordId } from '../model/index.ts'
import type { Name } from './transaction.ts'

export const thePolicy: Name = ['policy', '']
/** The invoice, or the certificate with the policy that judges it, that a request is about. */
export const itsInvoice = ({ invoiceId }: { invoiceId: RecordId }): Name[] => [
  ['invoice', invoiceId],
]
export const itsCertificate = ({ id }: { id: RecordId }): Name[] => [['receivable', id], thePolicy]
/**
 * Records that an opening names, before anything is checked. They are read early, not believed: where the opening
 * cannot be read none are, and whoever opens it refuses it.
 */
export const claimed = <K extends PrivateKind>(
  kind: K,
  opening: Opening,
  names: (claim: PrivateValues[K]) => Name[],
): Name[] => {
  try {
    return names(readOpening(kind, opening))
  } catch (error) {
    if (!isFault(error)) throw error
    return []
  }
}
/** Who owes according to the terms. */
export const itsObligor = ({ terms }: { terms: Opening }): Name[] =>
  claimed('receivable', terms, ({ obligor }) => [['member', obligor]])
/** A certificate that is opened: its record, the policy, and who owes. */
export const itsTerms = (item: { id: RecordId }, secret: { terms: Opening }): Name[] => [
  ...itsCertificate(item),
  ...itsObligor(secret),
]
