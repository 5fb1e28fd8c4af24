/** What arrived of a document. */
export const DOCUMENT_TABLE = {
  name: 'documents',
  columns: {
    /** In the order of arrival, and never given again. */
    number: 'BIGINT',
    id: 'VARCHAR',
    cid: 'VARCHAR',
    kind: 'VARCHAR',
    name: 'VARCHAR',
    member: 'VARCHAR',
    at: 'TIMESTAMP',
    words: 'INTEGER',
    /** Why there is no text; NULL where there is. */
    code: 'VARCHAR',
    /** What was left out of the text or looked odd, between commas. */
    warnings: 'VARCHAR',
    text: 'VARCHAR',
  },
} as const
