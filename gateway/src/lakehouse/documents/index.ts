/**
 * Documents in the lake, beside the tables: their text, the CID under which the vault keeps the document itself, and
 * an index of their words.
 *
 * Invariants: text, index and tally change in one transaction; a document is found if and only if its text holds
 * every part of the question; what is removed is in no table as it stands now. May import the lake's engine.
 */
import type { Engine } from '../engine.ts'
import { COUNT_OPTIONS, documentOptions, documentSchema, documentStaging } from './store.ts'

export { addDocuments, TEXT_MAX, type NewDocument } from './add.ts'
export { openExtractor, type Extraction, type Extractor } from './extract.ts'
export { rebuildIndex } from './rebuild.ts'
export { removeDocument } from './remove.ts'
export { search, type Hit, type SearchOptions, type SearchResult } from './search.ts'
export { tidyIndex } from './segments.ts'
export { tokensOf } from './tokens.ts'

/** Makes what is missing of the tables; to be called once after the engine is open. */
export async function openDocuments(engine: Engine): Promise<void> {
  for (const sql of documentStaging()) await engine.run(sql)
  await engine.transaction(async () => {
    for (const sql of documentSchema()) await engine.run(sql)
  })
  const [set] = await engine.query(COUNT_OPTIONS)
  if (Number(set?.['count']) < documentOptions().length)
    for (const sql of documentOptions()) await engine.run(sql)
}
