/**
 * `npm run bench:search [-- --documents 100000] [--questions 100]`: full-text search over Chinese business documents
 * in a lake of its own, made from a seed, with a PostgreSQL of this process as its catalogue. One client asks one
 * question at a time. Beside it, the same questions as a scan of all texts in the same lake.
 */
import { readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import {
  addDocuments,
  createSearcher,
  removeDocument,
  tidyIndex,
  type NewDocument,
} from '@triflow/gateway/lakehouse/documents/index'
import { randomOf, sampleOf } from '@triflow/gateway/lakehouse/documents/samples'
import { openEngine, type Engine } from '@triflow/gateway/lakehouse/engine'
import { emptyDatabase } from '@triflow/gateway/testing/postgres'
import { REPOSITORY, temporaryFolder } from '../ground/checkout.ts'
import { figure, percentile, publish, type Figure } from '../report/index.ts'

const SEED = 20_260_101
const BATCH = 2_048
const SINGLE = 20
const REMOVED = 5
const SCANS = 5
const WARM_UP = 10
const LIMIT = 20
const TARGET_MS = 200
const ADD_TARGET_MS = 100

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

async function fill(engine: Engine, documents: number): Promise<void> {
  for (let from = 0; from < documents; from += BATCH) {
    const count = Math.min(BATCH, documents - from)
    await addDocuments(
      engine,
      Array.from({ length: count }, (_, at) => documentOf(from + at)),
    )
  }
  await tidyIndex(engine)
}

/** What would be done without an index. */
function scan(engine: Engine, question: string): Promise<unknown> {
  const parts = question.split(' ')
  const conditions = parts.map((_, at) => `contains(text, $${at + 1})`)
  return engine.query(
    `SELECT id FROM lake.bronze.documents WHERE ${conditions.join(' AND ')} LIMIT ${LIMIT}`,
    parts,
  )
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0)
}

async function measure(
  engine: Engine,
  { documents, questions, folder }: { documents: number; questions: number; folder: string },
): Promise<Figure[]> {
  const fillMs = await timed(() => fill(engine, documents))
  const fresh = Array.from({ length: SINGLE }, (_, at) => documentOf(documents + at))
  const adding = await timedEach(fresh, each => addDocuments(engine, [each]))
  const asked = questionsOf(questions)
  const searcher = createSearcher(engine)
  const ask = (question: string, limit = LIMIT) => searcher.search(question, { limit })
  await timedEach(asked.slice(0, WARM_UP), question => ask(question))
  const asking = await timedEach(asked, question => ask(question))
  const askingTen = await timedEach(asked, question => ask(question, 10))
  const scanning = await timedEach(asked.slice(0, SCANS), question => scan(engine, question))
  const removing = await timedEach(
    Array.from({ length: REMOVED }, (_, at) => `document-${at * 1_000 + 5}`),
    id => removeDocument(engine, id),
  )
  const { total } = await ask('有限公司')
  const target = `<= ${TARGET_MS}`
  return [
    figure('documents', 'rows', [total]),
    figure('added in batches, each', 'ms', [fillMs / documents]),
    figure('added alone, median', 'ms', [percentile(adding, 0.5)], {
      target: `<= ${ADD_TARGET_MS}`,
    }),
    figure('search, 20 hits, p50', 'ms', [percentile(asking, 0.5)], {
      target,
      peer: 'scan of all texts',
      peerRuns: scanning,
    }),
    figure('search, 20 hits, p95', 'ms', [percentile(asking, 0.95)], { target }),
    figure('search, 10 hits, p95', 'ms', [percentile(askingTen, 0.95)], { target }),
    figure('removed, median', 'ms', [percentile(removing, 0.5)]),
    figure('lake on disk, with what is not tidied away', 'MiB', [bytesIn(folder) / 2 ** 20]),
    figure('memory of this process', 'MiB', [process.memoryUsage().rss / 2 ** 20]),
  ]
}

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '100000' },
    questions: { type: 'string', default: '100' },
  },
})
const folder = temporaryFolder('search')
const engine = await openEngine({
  catalogUrl: await emptyDatabase(),
  dataPath: path.join(folder, 'lake'),
  extensionFolder: path.join(REPOSITORY, 'node_modules/.triflow-duckdb'),
  memoryMb: 2_000,
  threads: 2,
})
try {
  const [documents, questions] = [Number(values.documents), Number(values.questions)]
  publish('search', await measure(engine, { documents, questions, folder }))
} finally {
  engine.close()
  rmSync(folder, { recursive: true, force: true })
}
