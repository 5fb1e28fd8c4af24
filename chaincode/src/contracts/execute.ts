/** The one way a transaction function runs: caller, role, request, rules, writes. */
import type { Context } from 'fabric-contract-api'
import { BATCH_MAX, canonicalJson, isFault, refuse } from '../model/index.ts'
import type { OperationName } from '../model/index.ts'
import { list, object, optional, parse, seed, text as textShape } from '../model/shape.ts'
import type { Shape } from '../model/shape.ts'
import { callerOf, requireRole } from './caller.ts'
import type { Caller } from './caller.ts'
import { Transaction } from './transaction.ts'
import type { Name } from './transaction.ts'

const itsMember = ({ memberId }: Caller): Name[] =>
  memberId === undefined ? [] : [['member', memberId]]

const requireActiveCaller = async (tx: Transaction): Promise<void> => {
  const { memberId, mspId } = tx.caller
  if (memberId === undefined) return
  const member = await tx.findState('member', memberId)
  if (member === undefined || member.mspId !== mspId)
    return refuse('CALLER_UNKNOWN', { missing: 'registered member' })
  if (member.status !== 'ACTIVE') refuse('CALLER_SUSPENDED')
}

/** Public records that a function asks for, known from the request and its private half: they are read at once. */
export type Reads<Request, Secret> = (request: Request, secret: Secret) => readonly Name[]

export type Execution<Request, Secret> = {
  ctx: Context
  name: OperationName
  text: string
  shape: Shape<Request>
  secret: (tx: Transaction, request: Request) => Secret
  reads?: Reads<Request, Secret> | undefined
}

/** Runs one operation. The answer is a JSON text without private values. */
export const execute = async <Request, Secret>(
  { ctx, name, text, shape, secret: secretOf, reads }: Execution<Request, Secret>,
  run: (tx: Transaction, request: Request, secret: Secret) => Promise<unknown>,
): Promise<string> => {
  const caller = callerOf(ctx)
  requireRole(caller, name)
  const tx = new Transaction(name, ctx, caller)
  const request = parse(shape, text)
  const secret = secretOf(tx, request)
  await tx.readAhead([...itsMember(caller), ...(reads?.(request, secret) ?? [])])
  await requireActiveCaller(tx)
  const answer = await run(tx, request, secret)
  await tx.commit()
  return canonicalJson(answer ?? { ok: true })
}

export type Items<Item, Secret> = {
  item: Shape<Item>
  secret?: Shape<Secret>
  reads?: Reads<Item, Secret>
}
export type Batch<Item, Secret> = Items<Item, Secret> & {
  ctx: Context
  name: OperationName
  text: string
}
/** What the items of a batch share: the consortium key, where invoices are submitted. */
export type Shared = { consortiumKey?: string }

/**
 * Runs a batch: every item is judged, and if one is refused nothing is written and the refusal lists all
 * of them by index, so that the sender can drop exactly those.
 */
export const executeBatch = <Item, Secret = undefined>(
  { ctx, name, text, item, secret, reads }: Batch<Item, Secret>,
  run: (tx: Transaction, item: Item, secret: Secret, shared: Shared) => Promise<unknown>,
): Promise<string> => {
  const shape = object({ items: list(item, { min: 1, max: BATCH_MAX }) })
  type Private = { items: Secret[]; shared: Shared } | undefined
  const secretOf = (tx: Transaction, { items }: { items: Item[] }): Private =>
    secret === undefined ? undefined : secretsOf(tx, secret, items.length)
  const all: Reads<{ items: Item[] }, Private> = ({ items }, secrets) =>
    items.flatMap((each, index) => reads?.(each, secrets?.items[index] as Secret) ?? [])
  const execution = { ctx, name, text, shape, secret: secretOf, reads: all }
  return execute(execution, async (tx, { items }, secrets) => {
    const shared = secrets?.shared ?? {}
    const refusals: object[] = []
    const answers: unknown[] = []
    for (const [index, each] of items.entries())
      try {
        answers.push(await tx.attempt(() => run(tx, each, secrets?.items[index] as Secret, shared)))
      } catch (error) {
        if (!isFault(error)) throw error
        refusals.push({ index, ...error.fault })
      }
    if (refusals.length > 0) refuse('BATCH_REFUSED', { refusals })
    return answers.some(answer => answer !== undefined) ? { items: answers } : undefined
  })
}

const secretsOf = <Secret>(
  tx: Transaction,
  shape: Shape<Secret>,
  count: number,
): { items: Secret[]; shared: Shared } => {
  const { items, consortiumKey } = tx.secret(
    object({
      seed: optional(seed),
      consortiumKey: optional(textShape(64, 64)),
      items: list(shape, { max: BATCH_MAX }),
    }),
  )
  if (items.length !== count)
    refuse('REQUEST_MALFORMED', { path: 'private.items', expected: `${count} items` })
  return { items, shared: consortiumKey === undefined ? {} : { consortiumKey } }
}
