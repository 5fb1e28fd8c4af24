/** The lake of a configuration, opened beside the process that fills it. */
import { ConfigFault, type Config } from '../../platform/config.ts'
import { openDatabase, type Database } from '../../platform/database/database.ts'
import { createLog } from '../../platform/log.ts'
import { openEngine, type Engine } from '../../lakehouse/engine.ts'

export type Say = (line: string) => void

export function settingsOf(config: Config) {
  if (!config.lake)
    throw new ConfigFault('lake: this gateway has none; set dataPath and extensionFolder')
  return { catalogUrl: config.databaseUrl, ...config.lake }
}

/** @param reading absent for a command that writes. */
export async function withEngine<T>(
  config: Config,
  reading: { snapshot?: bigint } | undefined,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openEngine({ ...settingsOf(config), ...(reading ? { reading } : {}) })
  try {
    return await work(engine)
  } finally {
    engine.close()
  }
}

export async function withDatabase<T>(
  config: Config,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const log = createLog({ level: 'warn', organization: config.organization })
  const database = openDatabase({ url: config.databaseUrl, connections: 1, log })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
