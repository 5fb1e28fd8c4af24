/**
 * Documents in the lake, beside the tables: their text, the CID under which the vault keeps the document itself, and
 * an index of their words.
 *
 * Invariants: text, index and tally change in one transaction; a document is found if and only if its text holds
 * every part of the question; what is removed is in no table as it stands now. May import the lake's engine.
 */
export { addDocuments, TEXT_MAX, type NewDocument } from './add.ts'
export { openExtractor, type Extraction, type Extractor } from './extract.ts'
export { rebuildIndex } from './rebuild.ts'
export { removeDocument } from './remove.ts'
export {
  createSearcher,
  search,
  type Hit,
  type Searcher,
  type SearchOptions,
  type SearchResult,
} from './search.ts'
export { tidyIndex } from './segments.ts'
export { forgetDocument } from './stream.ts'
export { tokensOf } from './tokens.ts'
