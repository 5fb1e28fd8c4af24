/**
 * `triflow lake`: for the operator of a gateway, over its configuration. Reading needs no running gateway; every call
 * is a second process beside the one that writes.
 */
import { readConfig, type Config } from '../platform/config.ts'
import { UsageFault } from './access.ts'
import { exportAnswer, type ExportFlags } from './lake/export.ts'
import { makeFeatureTable } from './lake/features.ts'
import { check, forget, type ForgetFlags } from './lake/forget.ts'
import { printKpi } from './lake/kpi.ts'
import { withEngine, type Say } from './lake/open.ts'
import { printQuery, type Moment } from './lake/query.ts'
import { printFound } from './lake/search.ts'
import { printStatus } from './lake/status.ts'
import { printLineage, printTables } from './lake/tables.ts'
import { printRebuild, printUpkeep } from './lake/upkeep.ts'
import { printVerdict } from './lake/verify.ts'

export type LakeFlags = Moment &
  ExportFlags &
  ForgetFlags & { readonly decisions?: string | undefined; readonly out?: string | undefined }

interface Call {
  /** What stands behind the command. */
  readonly words: readonly string[]
  readonly flags: LakeFlags
  readonly say: Say
}

type Command = (config: Config, call: Call) => Promise<boolean>

const COMMANDS: Readonly<Record<string, Command>> = {
  status: (config, { say }) => printStatus(config, say),
  query: (config, { words, flags, say }) =>
    printQuery(config, wordOf(words, 'query "SELECT ..."'), flags, say),
  export: (config, { words, flags, say }) =>
    exportAnswer(
      config,
      wordOf(words, 'export "SELECT ..." --out FILE --purpose "WHY"'),
      flags,
      say,
    ),
  search: (config, { words, say }) => {
    wordOf(words, 'search WORDS')
    return printFound(config, words.join(' '), say)
  },
  verify: (config, { say }) => printVerdict(config, say),
  upkeep: (config, { say }) => printUpkeep(config, say),
  rebuild: (config, { say }) => printRebuild(config, say),
  kpi: (config, { words, say }) => printKpi(config, words[0], say),
  features: (config, { flags, say }) =>
    withEngine(config, {}, engine => makeFeatureTable({ engine, config, say }, flags)),
  forget: (config, { flags, say }) => forget(config, flags, say),
  'check-proof': (config, { words, flags, say }) =>
    check(config, wordOf(words, 'check-proof PROOF'), flags, say),
}

/** The same of every lake of this version: no configuration is read. */
const WITHOUT_CONFIG: Readonly<Record<string, (call: Call) => boolean | Promise<boolean>>> = {
  tables: ({ say }) => printTables(say),
  lineage: ({ words: [name, column], say }) => printLineage(name, column, say),
}

function wordOf([word]: readonly string[], usage: string): string {
  if (word) return word
  throw new UsageFault(`say what: triflow lake ${usage} --config FILE`)
}

export async function runLake(
  argv: readonly string[],
  [name = '', ...words]: readonly string[],
  flags: LakeFlags,
  say: Say,
): Promise<boolean> {
  const call = { words, flags, say }
  const plain = Object.hasOwn(WITHOUT_CONFIG, name) ? WITHOUT_CONFIG[name] : undefined
  if (plain) return plain(call)
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command) return command(readConfig(argv), call)
  const names = [...Object.keys(COMMANDS), ...Object.keys(WITHOUT_CONFIG)]
  throw new UsageFault(`triflow lake ${names.join(' | ')}, with --config FILE`)
}
