import { withOwnMetadata } from './blocks.ts'
import { LedgerFault } from './fault.ts'
import { checkBlockData, isBlockFault, readBlock, type Block } from './rules/block.ts'
import { HeaderType, TxCode } from './rules/codes.ts'
import { shapeOf } from './rules/envelope-checks.ts'
import {
  isRefused,
  readEndorserAction,
  readEnvelope,
  transactionIdOf,
  type EndorserAction,
  type EnvelopeHeader,
} from './rules/envelope.ts'
import type { CheckedTransaction } from './rules/plan.ts'
import type { LedgerIdentity, TrustPort } from './types.ts'

/** A transaction with more endorsements is refused: each costs a signature check. */
const ENDORSEMENTS_MAX = 256

export interface CheckContext<I extends LedgerIdentity> {
  readonly channelId: string
  readonly trust: TrustPort<I>
  readonly certificate?: ((block: Uint8Array) => boolean | Promise<boolean>) | undefined
}

export interface CheckedBlock<I extends LedgerIdentity> {
  readonly block: Block
  readonly transactions: readonly CheckedTransaction<I>[]
}

const NOTHING = new Uint8Array(0)

type Known = Pick<EnvelopeHeader, 'type' | 'txId' | 'timestamp'>
const UNREADABLE: Known = { type: -1, txId: '', timestamp: { seconds: 0, nanos: 0 } }

const withCode = <I extends LedgerIdentity>(
  code: TxCode,
  known: Known,
  authentic = false,
): CheckedTransaction<I> => ({
  code,
  type: known.type,
  txId: known.txId,
  timestamp: known.timestamp,
  authentic,
  chaincodeName: '',
  sets: [],
  endorsers: [],
})

/** Refusals that need neither state nor signatures. */
const headerCode = (header: EnvelopeHeader, channelId: string): TxCode => {
  if (header.type !== HeaderType.ENDORSER_TRANSACTION) {
    return header.type === HeaderType.CONFIG
      ? TxCode.INVALID_CONFIG_TRANSACTION
      : TxCode.UNSUPPORTED_TX_PAYLOAD
  }
  if (header.nonce.length === 0 || header.creator.length === 0) return TxCode.BAD_COMMON_HEADER
  return header.channelId === channelId ? TxCode.VALID : TxCode.TARGET_CHAIN_NOT_FOUND
}

const isSignedBy = async <I extends LedgerIdentity>(
  trust: TrustPort<I>,
  signer: Uint8Array,
  signed: { readonly message: Uint8Array; readonly signature: Uint8Array },
): Promise<I | undefined> => {
  const identity = trust.identify(signer)
  if (identity === undefined) return undefined
  return (await trust.verify(identity, signed.message, signed.signature)) ? identity : undefined
}

/** Endorsers whose signature holds; policies count nobody twice. */
const verifiedEndorsers = async <I extends LedgerIdentity>(
  trust: TrustPort<I>,
  action: EndorserAction,
): Promise<I[]> => {
  const verdicts = await Promise.all(
    action.endorsements.map(({ endorser, signature }) => {
      const message = Buffer.concat([action.responsePayload, endorser])
      return isSignedBy(trust, endorser, { message, signature })
    }),
  )
  return verdicts.filter(identity => identity !== undefined)
}

const checkAction = async <I extends LedgerIdentity>(
  header: EnvelopeHeader,
  trust: TrustPort<I>,
): Promise<CheckedTransaction<I>> => {
  const action = readEndorserAction(header)
  if (isRefused(action)) return withCode(action.refused, header, true)
  if (action.endorsements.length > ENDORSEMENTS_MAX) {
    return withCode(TxCode.INVALID_ENDORSER_TRANSACTION, header, true)
  }
  const shape = shapeOf(action.sets)
  if (shape !== TxCode.VALID) return withCode(shape, header, true)
  const endorsers = await verifiedEndorsers(trust, action)
  const { type, txId, timestamp, chaincodeName } = header
  const { sets } = action
  const code = TxCode.VALID
  return { code, type, txId, timestamp, authentic: true, chaincodeName, sets, endorsers }
}

/** One entry of a block. Whatever its bytes are, the answer is a code, never a throw. */
export const checkTransaction = async <I extends LedgerIdentity>(
  entry: Uint8Array,
  { channelId, trust }: CheckContext<I>,
): Promise<CheckedTransaction<I>> => {
  const header = readEnvelope(entry)
  if (isRefused(header)) return withCode(header.refused, UNREADABLE)
  const refused = headerCode(header, channelId)
  if (refused !== TxCode.VALID) return withCode(refused, header)
  const { payload, signature } = header
  const creator = isSignedBy(trust, header.creator, { message: payload, signature })
  const idHolds = transactionIdOf(header.nonce, header.creator) === header.txId
  // The endorsements are checked at the same time: almost every creator is honest.
  const [signer, checked] = await Promise.all([
    creator,
    idHolds ? checkAction(header, trust) : undefined,
  ])
  if (signer === undefined) return withCode(TxCode.BAD_CREATOR_SIGNATURE, header)
  return checked ?? withCode(TxCode.BAD_PROPOSAL_TXID, header)
}

const checkGenesis = <I extends LedgerIdentity>(block: Block): CheckedTransaction<I>[] =>
  block.envelopes.map(entry => {
    const header = readEnvelope(entry)
    const known = isRefused(header) ? UNREADABLE : header
    const fits = known.type === HeaderType.CONFIG && block.envelopes.length === 1
    return withCode(fits ? TxCode.VALID : TxCode.INVALID_CONFIG_TRANSACTION, known)
  })

/** Flags and commit hash are another peer's claims: the certificate is judged without them. */
const isCertified = async <I extends LedgerIdentity>(
  block: Block,
  { certificate }: CheckContext<I>,
): Promise<boolean> =>
  certificate === undefined ||
  certificate(withOwnMetadata(block, { flags: NOTHING, commitHash: NOTHING }))

/**
 * Everything about a block that needs no state: its form, the orderers' certificate, every
 * signature in it, all at once. Runs ahead of the commit of the block before.
 */
export const checkBlock = async <I extends LedgerIdentity>(
  bytes: Uint8Array,
  context: CheckContext<I>,
): Promise<CheckedBlock<I>> => {
  const block = readBlock(bytes)
  if (isBlockFault(block)) throw new LedgerFault(block.code, block.detail)
  const fault = checkBlockData(block)
  if (fault !== undefined) throw new LedgerFault(fault.code, fault.detail)
  if (block.number === 0) return { block, transactions: checkGenesis(block) }
  if (!(await isCertified(block, context))) {
    throw new LedgerFault('BLOCK_CERTIFICATE', `block ${block.number} lacks a valid certificate`)
  }
  const transactions = await Promise.all(
    block.envelopes.map(entry => checkTransaction(entry, context)),
  )
  return { block, transactions }
}
