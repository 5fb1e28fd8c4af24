/** A process that brings documents until it is killed: `bringer.ts ORDER`. One document in each commit. */
import { createKeyring, createVault, type VaultKey } from '@triflow/ipfs'
import { openDatabase } from '../../../platform/database/database.ts'
import { silent } from '../../../testing/postgres.ts'
import { openEngine, type EngineOptions } from '../../engine.ts'
import { createJournal } from '../../journal.ts'
import { openExtractor } from '../extract.ts'
import { createDocuments } from '../stream.ts'

interface Order {
  readonly options: EngineOptions
  readonly url: string
  readonly ipfs: string
  readonly key: VaultKey
}

const { options, url, ipfs, key } = JSON.parse(process.argv[2] ?? '') as Order
const database = openDatabase({ url, connections: 2, log: silent })
const vault = createVault({
  apiUrl: ipfs,
  keyring: createKeyring({
    organization: 'AllianceMSP',
    key,
    publicKeys: { AllianceMSP: key.publicKey },
  }),
})
const documents = createDocuments({
  engine: await openEngine(options),
  database,
  vault,
  extractor: openExtractor(),
  journal: createJournal(database, () => undefined),
  documentsMax: 2,
})
process.stdout.write('at work\n')
for (;;) await documents.take(new AbortController().signal).catch(() => undefined)
