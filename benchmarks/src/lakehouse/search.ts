/**
 * Full-text search over Chinese business documents made from a seed, in a lake of its own and, word for word the same,
 * in PostgreSQL. One client asks one question at a time: of a searcher that has nothing in memory, and of one that is
 * kept, as the gateway keeps it.
 */
import {
  addDocuments,
  createSearcher,
  tidyIndex,
  type NewDocument,
} from '@triflow/gateway/lakehouse/documents/index'
import { randomOf, sampleOf } from '@triflow/gateway/lakehouse/documents/samples'
import { openEngine, type Engine } from '@triflow/gateway/lakehouse/engine'
import { freshLake } from '@triflow/gateway/lakehouse/testing/place'
import { freshDatabase, type TestDatabase } from '@triflow/gateway/testing/postgres'
import { figure, percentile, type Figure } from '../report/index.ts'
import { askPeer, fillPeer, indexPeer, makePeer } from './peer.ts'

const SEED = 20_260_101
const BATCH = 2_048
const LIMIT = 20
const TARGET_MS = 200
/** The target is for so many. */
const TARGET_DOCUMENTS = 100_000
const MEMORY_MB = 1_024
const THREADS = 2

const documentOf = (sequence: number): NewDocument => ({
  id: `document-${sequence}`,
  cid: `bafy${sequence}`,
  kind: 'TEXT',
  ...sampleOf(SEED, sequence),
})

/** Parts that stand in the documents: rare and common words, names, numbers, clauses. */
const ASKED = [
  ...[
    '深圳',
    '传感器',
    '应收账款',
    '保理业务',
    '质量检验报告',
    '有限公司',
    '发票号码',
    '电子',
    '冷链',
  ],
  ...['价税合计', '不可抗力', '授信额度', '华星', '马梓涵', '违约金', '供应商', '转让通知', '验收'],
]

/** A question of two to four parts, or a piece of one document: a clause, a number. */
function questionsOf(count: number): string[] {
  const random = randomOf(SEED)
  const pick = (): string => ASKED[Math.floor(random() * ASKED.length)] ?? ''
  return Array.from({ length: count }, (_, at) => {
    const { text } = sampleOf(SEED, Math.floor(random() * BATCH))
    if (at % 5 === 3) return /\d{20}/.exec(text)?.[0] ?? ''
    if (at % 5 === 4) return /1、(.{8})/.exec(text)?.[1] ?? ''
    return Array.from({ length: 2 + Math.floor(random() * 3) }, pick).join(' ')
  })
}

async function timed<T>(work: () => Promise<T>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}

async function timedEach<T>(items: readonly T[], work: (item: T) => Promise<unknown>) {
  const taken: number[] = []
  for (const item of items) taken.push(await timed(() => work(item)))
  return taken
}

async function fill({ engine, store }: Both, documents: number): Promise<void> {
  await makePeer(store.database)
  for (let from = 0; from < documents; from += BATCH) {
    const count = Math.min(BATCH, documents - from)
    const batch = Array.from({ length: count }, (_, at) => documentOf(from + at))
    await addDocuments(engine, batch)
    await fillPeer(store.database, batch)
  }
  await tidyIndex(engine)
  await indexPeer(store.database)
}

interface Both {
  readonly engine: Engine
  readonly store: TestDatabase
}

/** What a question costs the lake. */
function counted(engine: Engine) {
  let statements = 0
  return {
    statements: () => statements,
    reader: async () => {
      const reader = await engine.reader()
      const query: typeof reader.query = (sql, values) => {
        statements += 1
        return reader.query(sql, values)
      }
      return { ...reader, query }
    },
  }
}

async function measure(both: Both, documents: number, questions: number): Promise<Figure[]> {
  const { engine, store } = both
  await fill(both, documents)
  const asked = questionsOf(questions)
  const asking = async (question: string): Promise<void> => {
    const searcher = createSearcher(engine)
    await searcher.search(question, { limit: LIMIT })
    await searcher.close()
  }
  const unread = await timedEach(asked, asking)
  const counting = counted(engine)
  const kept = createSearcher(counting)
  const reading = await timedEach(asked, question => kept.search(question, { limit: LIMIT }))
  await kept.close()
  const ofPeer = await timedEach(asked, question => askPeer(store.database, question))
  const rows = documents.toLocaleString('en')
  const p95 = (runs: readonly number[]): number[] => [percentile(runs, 0.95)]
  const peer = { peer: 'PostgreSQL GIN', peerRuns: p95(ofPeer) }
  const target = documents === TARGET_DOCUMENTS ? { target: `<= ${TARGET_MS}` } : {}
  return [
    figure(`${rows} documents: question, p95`, 'ms', p95(reading), { ...target, ...peer }),
    figure(`${rows} documents: question with nothing in memory, p95`, 'ms', p95(unread), {
      ...target,
      ...peer,
    }),
    figure(`${rows} documents: statements of a question`, '', [
      counting.statements() / asked.length,
    ]),
  ]
}

/** @param documents for whose number the target is, where it is that. */
export async function searchFigures(documents: number, questions: number): Promise<Figure[]> {
  const place = await freshLake()
  const store = await freshDatabase()
  const engine = await openEngine({ ...place, memoryMb: MEMORY_MB, threads: THREADS })
  try {
    return await measure({ engine, store }, documents, questions)
  } finally {
    engine.close()
    await store.close()
    place.remove()
  }
}
