import { ledger, peer } from '@hyperledger/fabric-protos'
import type { KeyModification, KeyValue, RangeArguments, Rows } from '../../ledger/index.ts'
import { decode } from '../wire/decode.ts'
import { timestampOf } from '../wire/timestamp.ts'
import type { OpenQuery, OpenTransaction } from './transaction.ts'

/** Rows in one message to the chaincode when it did not ask for pages itself. */
const BATCH_ROWS = 100
/** A batch is cut early at this size, so that one answer stays far below the message limit. */
const BATCH_BYTES = 4 * 1024 * 1024
/** Rows one query may return in all; Fabric's ledger.state.totalQueryLimit. */
const TOTAL_ROWS = 100_000
/** Iterators a transaction may hold open: more is a leak in the chaincode. */
const OPEN_QUERIES_MAX = 256

function encodeKeyValue(row: KeyValue): Uint8Array {
  const kv = new ledger.queryresult.KV()
  kv.setNamespace(row.namespace)
  kv.setKey(row.key)
  kv.setValue(row.value)
  return kv.serializeBinary()
}

function encodeModification(row: KeyModification): Uint8Array {
  const modification = new ledger.queryresult.KeyModification()
  modification.setTxId(row.txId)
  modification.setValue(row.value)
  modification.setIsDelete(row.isDelete)
  modification.setTimestamp(timestampOf(row.timestamp))
  return modification.serializeBinary()
}

function resultOf(bytes: Uint8Array): peer.QueryResultBytes {
  const result = new peer.QueryResultBytes()
  result.setResultbytes(bytes)
  return result
}

/** Takes rows until the batch is full or the query is at its end or limit. */
function takeBatch(query: OpenQuery, rowsMax: number): peer.QueryResultBytes[] {
  const batch: peer.QueryResultBytes[] = []
  let bytes = 0
  while (query.next && batch.length < rowsMax && bytes < BATCH_BYTES) {
    const encoded = query.encode(query.next)
    bytes += encoded.length
    batch.push(resultOf(encoded))
    query.taken += 1
    query.next = query.taken < TOTAL_ROWS ? query.rows.next() : undefined
  }
  return batch
}

function answerBatch(open: OpenTransaction, id: string, query: OpenQuery): Uint8Array {
  const response = new peer.QueryResponse()
  response.setResultsList(takeBatch(query, BATCH_ROWS))
  response.setId(id)
  response.setHasMore(query.next !== undefined)
  if (query.next === undefined) closeQuery(open, id)
  return response.serializeBinary()
}

function closeQuery(open: OpenTransaction, id: string): void {
  open.queries.get(id)?.rows.close()
  open.queries.delete(id)
}

function startQuery<T extends KeyValue | KeyModification>(
  open: OpenTransaction,
  rows: Rows<T>,
  encode: (row: T) => Uint8Array,
): Uint8Array {
  if (open.queries.size >= OPEN_QUERIES_MAX) {
    rows.close()
    throw new Error(`more than ${OPEN_QUERIES_MAX} open iterators`)
  }
  open.queriesOpened += 1
  const id = String(open.queriesOpened)
  const query: OpenQuery = {
    rows,
    encode: encode as OpenQuery['encode'],
    taken: 0,
    next: rows.next(),
  }
  open.queries.set(id, query)
  return answerBatch(open, id, query)
}

/** One page in one answer, with the key where the next page starts. */
function answerPage(open: OpenTransaction, rows: Rows<KeyValue>): Uint8Array {
  const results: peer.QueryResultBytes[] = []
  try {
    for (let row = rows.next(); row; row = rows.next()) results.push(resultOf(encodeKeyValue(row)))
    const metadata = new peer.QueryResponseMetadata()
    metadata.setFetchedRecordsCount(results.length)
    metadata.setBookmark(rows.bookmark())
    open.queriesOpened += 1
    const response = new peer.QueryResponse()
    response.setResultsList(results)
    response.setId(String(open.queriesOpened))
    response.setMetadata(metadata.serializeBinary())
    return response.serializeBinary()
  } finally {
    rows.close()
  }
}

export function stateByRange(open: OpenTransaction, payload: Uint8Array): Uint8Array {
  const request = decode(peer.GetStateByRange, payload, 'GetStateByRange')
  const page = decode(peer.QueryMetadata, request.getMetadata_asU8(), 'QueryMetadata')
  const { namespace, simulation } = open.scope
  const collection = request.getCollection()
  const range: RangeArguments = {
    namespace,
    startKey: request.getStartkey(),
    endKey: request.getEndkey(),
    ...(collection ? { collection } : {}),
  }
  // Fabric has no pages for private data: the page size is ignored there.
  const paged = !collection && (page.getPagesize() !== 0 || page.getBookmark() !== '')
  if (!paged) return startQuery(open, simulation.getRange(range), encodeKeyValue)
  const pageSize = page.getPagesize() > 0 ? Math.min(page.getPagesize(), TOTAL_ROWS) : TOTAL_ROWS
  const bookmark = page.getBookmark()
  return answerPage(
    open,
    simulation.getRange({ ...range, pageSize, ...(bookmark ? { bookmark } : {}) }),
  )
}

export function historyForKey(open: OpenTransaction, payload: Uint8Array): Uint8Array {
  const { namespace, simulation } = open.scope
  const key = decode(peer.GetHistoryForKey, payload, 'GetHistoryForKey').getKey()
  return startQuery(open, simulation.getHistory({ namespace, key }), encodeModification)
}

export function queryNext(open: OpenTransaction, payload: Uint8Array): Uint8Array {
  const id = decode(peer.QueryStateNext, payload, 'QueryStateNext').getId()
  const query = open.queries.get(id)
  if (!query) throw new Error('query iterator not found')
  return answerBatch(open, id, query)
}

/** Succeeds for an id that is not open: the shim closes iterators that have ended, too. */
export function queryClose(open: OpenTransaction, payload: Uint8Array): Uint8Array {
  const id = decode(peer.QueryStateClose, payload, 'QueryStateClose').getId()
  closeQuery(open, id)
  const response = new peer.QueryResponse()
  response.setId(id)
  return response.serializeBinary()
}
