/** The same documents in plain PostgreSQL, with the same words: a tsvector of them under a GIN index. */
import type { TestDatabase } from '@triflow/gateway/testing/postgres'
import type { NewDocument } from '@triflow/gateway/lakehouse/documents/index'
import { tokensOf } from '@triflow/gateway/lakehouse/documents/tokens'

type Database = TestDatabase['database']

export const makePeer = async (database: Database): Promise<void> => {
  await database.execute('CREATE SCHEMA bench')
  await database.execute(
    'CREATE TABLE bench.documents (id text PRIMARY KEY, body text, words tsvector)',
  )
}

/** A word is a lexeme as it is; where it stands is left out, PostgreSQL keeps 16,383 places at most. */
export async function fillPeer(
  database: Database,
  documents: readonly NewDocument[],
): Promise<void> {
  await database.execute(
    `INSERT INTO bench.documents
     SELECT id, body, array_to_tsvector(string_to_array(words, ' '))
     FROM unnest($1::text[], $2::text[], $3::text[]) t(id, body, words)`,
    [
      documents.map(({ id }) => id),
      documents.map(({ text }) => text),
      documents.map(({ text }) => [...new Set(tokensOf(text))].join(' ')),
    ],
  )
}

export async function indexPeer(database: Database): Promise<void> {
  await database.execute('CREATE INDEX documents_words ON bench.documents USING gin (words)')
  await database.execute('VACUUM ANALYZE bench.documents')
}

/** Every word of the question, then every part of it as it is written; the number of all and twenty of them. */
export async function askPeer(database: Database, question: string): Promise<unknown> {
  const words = [...new Set(tokensOf(question))].map(word => `'${word.replaceAll("'", "''")}'`)
  return database.query(
    `WITH found AS MATERIALIZED (
       SELECT id, left(body, 120) AS head FROM bench.documents
       WHERE words @@ $1::tsquery AND body LIKE ALL ($2::text[]))
     SELECT *, (SELECT count(*) FROM found) AS total FROM found LIMIT 20`,
    [words.join(' & '), question.split(' ').map(part => `%${part}%`)],
  )
}
