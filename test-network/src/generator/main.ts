// Writes a year of trade: main DIRECTORY [--seed TEXT] [--invoices N] [--last YYYY-MM-DD]
import { parseArgs } from 'node:util'
import { generateYear, yuan } from './index.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: 'triflow' },
    invoices: { type: 'string', default: '2100' },
    last: { type: 'string', default: '2026-10-31' },
  },
})
const [directory] = positionals
if (!directory) {
  process.stderr.write('usage: main DIRECTORY [--seed TEXT] [--invoices N] [--last YYYY-MM-DD]\n')
  process.exit(2)
}
const startedMs = Date.now()
const year = generateYear({
  directory,
  seed: values.seed,
  last: values.last,
  invoices: Number(values.invoices),
})
const { invoices } = year.truth
process.stdout.write(
  `${year.files.length} files, ${year.bytes} bytes in ${Date.now() - startedMs} ms: ` +
    Object.entries(invoices)
      .map(([name, { count, fen }]) => `${name} ${count} (${yuan(fen)})`)
      .join(', ') +
    '\n',
)
