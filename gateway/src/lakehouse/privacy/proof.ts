/**
 * The proof of a deletion: what the organisation says of it, signed with the key by which the ledger knows it.
 *
 * The nonce lies beside what is signed. Whoever has it and the name of the subject sees that the proof is theirs; cut
 * it off, and the proof can be shown to anybody without telling whom it is about.
 */
import { createHash, verify, X509Certificate } from 'node:crypto'
import { canonicalJson } from '@triflow/chaincode/model'
import { z } from 'zod'
import { CodedError } from '../../platform/faults.ts'
import type { LedgerIdentity } from '../../platform/ledger/signer.ts'
import { proofTag } from './subject.ts'
import type { Subject } from '../sources/source.ts'

const Ground = z.strictObject({ zh: z.string(), en: z.string(), status: z.enum(['V', 'S']) })

/** Of a value that is gone from the lake, what stays on the ledger for ever. */
const Commitment = z.strictObject({
  block: z.string(),
  txId: z.string(),
  txIndex: z.int(),
  position: z.int(),
  keyHash: z.string(),
  valueHash: z.string(),
})
export type Commitment = z.infer<typeof Commitment>

export const Statement = z.strictObject({
  kind: z.literal('triflow/lake-erasure'),
  version: z.literal(1),
  erasureId: z.string(),
  mspId: z.string(),
  subject: z.strictObject({ kind: z.enum(['MEMBER', 'PERSON']), tag: z.string() }),
  source: z.string().optional(),
  reason: z.string(),
  requestedAt: z.string(),
  decidedAt: z.string(),
  finishedAt: z.string(),
  deleted: z.array(z.strictObject({ table: z.string(), class: z.string(), rows: z.int() })),
  remains: z.strictObject({
    /** Values that were taken out: all of them counted and hashed, the first ones shown. */
    commitments: z.strictObject({
      count: z.int(),
      hash: z.string(),
      shown: z.array(Commitment),
    }),
    rows: z.array(
      z.strictObject({
        table: z.string(),
        why: z.enum(['HELD', 'LEDGER_PROOF', 'NOT_ASKED', 'FOLLOWS']),
        class: z.string(),
        rows: z.int(),
        until: z.string().optional(),
        grounds: z.array(Ground).optional(),
      }),
    ),
  }),
  scan: z.strictObject({
    files: z.int(),
    bytes: z.int(),
    filesHash: z.string(),
    fileRows: z.int(),
    catalogueTables: z.int(),
    /** Rows that name the subject beyond those under `remains`. */
    unexplained: z.literal(0),
  }),
  snapshots: z.strictObject({ before: z.string(), oldestLeft: z.string() }),
  words: z.strictObject({ zh: z.string(), en: z.string() }),
})
export type Statement = z.infer<typeof Statement>

export const Proof = z.strictObject({
  statement: Statement,
  /** Base64 of ECDSA with SHA-256 over the canonical JSON of the statement. */
  signature: z.string(),
  certificate: z.string(),
  opening: z.strictObject({ nonce: z.string() }).optional(),
})
export type Proof = z.infer<typeof Proof>

export const WORDS = {
  zh: '上列数据已从湖仓的表、文件与目录中删除,此前的任何历史快照不可再查询。账本上仍留有被删私有值的加盐哈希:没有盐就无法据此猜出内容,但持有原文者可以证明原文曾经上链;成员在账本上的假名、交易时间与参与组织仍对网络成员可见。法律要求保存的行只作存储,到期删除。未检查:数据库与文件的备份、数据库的预写日志、其他组织的副本、保存的查询、已被取走的导出文件。',
  en: 'What is listed as deleted is gone from the tables, files and catalogue of the lake; no snapshot of before can be asked by anybody. On the ledger stay the salted hashes of the private values that were taken out: without the salt nobody can guess a value from its hash, but who has the exact text can show that it once stood there; a member’s pseudonym, the time of a transaction and the organisations in it stay visible to the network. Rows that a law wants kept are stored and nothing else, and deleted when their time is over. Not examined: backups of the database and of the files, the write-ahead log of the database, copies of other organisations, saved queries, exports that were taken away.',
} as const

const bytesOf = (statement: Statement): Buffer => Buffer.from(canonicalJson(statement))

export async function signProof(
  statement: Statement,
  identity: LedgerIdentity,
  nonce: string,
): Promise<Proof> {
  const signature = await identity.sign(bytesOf(statement))
  return {
    statement,
    signature: Buffer.from(signature).toString('base64'),
    certificate: Buffer.from(identity.identity.credentials).toString('utf8'),
    opening: { nonce },
  }
}

/**
 * @param trusted the organisation's certificate, from elsewhere than the proof: anybody can sign with a key of his own.
 * @throws CodedError PROOF_MALFORMED, PROOF_CERTIFICATE, PROOF_SIGNATURE
 */
export function openProof(text: string, trusted: string): Proof {
  const proof = parse(text)
  const certificate = certificateOf(trusted)
  if (certificateOf(proof.certificate).fingerprint256 !== certificate.fingerprint256)
    throw new CodedError('PROOF_CERTIFICATE', { detail: 'not signed by the organisation named' })
  const signature = Buffer.from(proof.signature, 'base64')
  if (!verify('sha256', bytesOf(proof.statement), certificate.publicKey, signature))
    throw new CodedError('PROOF_SIGNATURE', { detail: 'it says something that was not signed' })
  return proof
}

function parse(text: string): Proof {
  try {
    return Proof.parse(JSON.parse(text))
  } catch (error) {
    throw new CodedError('PROOF_MALFORMED', { detail: 'not a proof of a deletion', cause: error })
  }
}

function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new CodedError('PROOF_CERTIFICATE', { detail: 'not a certificate', cause: error })
  }
}

/** Whether a proof with its nonce is about this subject. */
export const isAbout = ({ statement, opening }: Proof, subject: Subject): boolean =>
  opening !== undefined &&
  statement.subject.kind === subject.kind &&
  statement.subject.tag === proofTag(opening.nonce, subject)

export const commitmentsHash = (commitments: readonly Commitment[]): string =>
  createHash('sha256').update(canonicalJson(commitments)).digest('hex')
