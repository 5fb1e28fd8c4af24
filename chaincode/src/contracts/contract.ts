/** A contract as a table: each function's name, what it takes, and the rule that it runs. */
import { Contract } from 'fabric-contract-api'
import type { Context } from 'fabric-contract-api'
import type { OperationName } from '../model/index.ts'
import type { Shape } from '../model/shape.ts'
import { execute, executeBatch } from './execute.ts'
import type { Items, Reads, Shared } from './execute.ts'
import type { Transaction } from './transaction.ts'

/** What the framework calls; it reads from `length` that there is one argument beside the context. */
type Transact = (ctx: Context, text: string) => Promise<string>
/** A function before it knows its full name, `contract:function`. */
export type Unnamed = (name: OperationName) => Transact

/** Up to 100 items in one transaction, all or none. */
export const batch =
  <Item, Secret = undefined>(
    items: Items<Item, Secret>,
    run: (tx: Transaction, item: Item, secret: Secret, shared: Shared) => Promise<unknown>,
  ): Unnamed =>
  name =>
  (ctx, text) =>
    executeBatch({ ctx, name, text, ...items }, run)

/** One request, and its private half where it has one. */
export const single =
  <Request, Secret = undefined>(
    {
      request: shape,
      secret,
      reads,
    }: { request: Shape<Request>; secret?: Shape<Secret>; reads?: Reads<Request, Secret> },
    run: (tx: Transaction, request: Request, secret: Secret) => Promise<unknown>,
  ): Unnamed =>
  name => {
    const secretOf = (tx: Transaction): Secret =>
      (secret === undefined ? undefined : tx.secret(secret)) as Secret
    return (ctx, text) => execute({ ctx, name, text, shape, secret: secretOf, reads }, run)
  }

type FunctionOf<Name extends string> = OperationName extends infer Full
  ? Full extends `${Name}:${infer Fn}`
    ? Fn
    : never
  : never

/** The class that the framework wants, with exactly the functions that the catalogue lists for it. */
export const contractOf = <Name extends string>(
  contract: Name,
  table: Record<FunctionOf<Name>, Unnamed>,
): new () => Contract => {
  const Class = class extends Contract {
    constructor() {
      super(contract)
    }
  }
  for (const [fn, unnamed] of Object.entries<Unnamed>(table)) {
    const value = unnamed(`${contract}:${fn}` as OperationName)
    Object.defineProperty(Class.prototype, fn, { value })
  }
  return Class
}
