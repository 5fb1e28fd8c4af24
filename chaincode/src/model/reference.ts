/** Renders docs/reference/contracts.md from the catalogue and the list of faults. */
import { CATALOGUE } from './catalogue.ts'
import type { OperationEntry } from './catalogue.ts'
import { FAULTS } from './fault.ts'

const INTRODUCTION = `# Contracts

Generated from chaincode/src/model/catalogue.ts; a test compares the two.

Each function takes one argument, a canonical JSON text of ids and organisations, and (where it needs private
values) the transient field \`private\`. Build both with \`operations\` of \`@triflow/chaincode/model\`, which also
names the endorsing organisations: exactly those that may see the values. The caller is the certificate:
attributes \`role\` (one or several of the list, separated by commas) and \`memberId\`. A user without \`memberId\`
acts for the organisation and may do what a line below does not reserve to "the member itself".

An opening is the exact text that the parties' collections hold. Every new private value gets its salt from the
\`seed\` of the transaction, so a client knows the result before it commits. Any function may also refuse with
REQUEST_MALFORMED, CALLER_UNKNOWN, CALLER_SUSPENDED, ROLE_REFUSED, ORGANISATION_REFUSED, RECORD_UNKNOWN,
RECORD_NOT_AUTHENTIC, OPENING_WRONG and MOVE_REFUSED. Batch functions refuse with BATCH_REFUSED, whose
\`refusals\` lists \`{index, code, ...}\` of every refused item; nothing of a refused batch is written.

The event of a transaction has the name of the function and the payload \`{"ids":[...]}\`.
`

const row = ([name, entry]: [string, OperationEntry]): string =>
  `| \`${name}\` | ${entry.does} | ${entry.who} | ${entry.roles.join(', ')} | ${entry.endorsers} | ${entry.refusals.join(', ')} |`

export const contractsPage = (): string =>
  [
    INTRODUCTION,
    '## Functions\n',
    '| function | does | who | roles | endorsers | refusals |',
    '| --- | --- | --- | --- | --- | --- |',
    ...Object.entries<OperationEntry>(CATALOGUE).map(row),
    '\n## Refusals\n',
    '| code | meaning |',
    '| --- | --- |',
    ...Object.entries(FAULTS).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    '',
  ].join('\n')
