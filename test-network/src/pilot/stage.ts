import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Client, Input, Operation, Output, RouteName } from '@triflow/gateway/client'
import type { OrganizationKey } from '../supervisor/organizations.ts'
import type { Actors, Person } from './actors.ts'
import type { Outside } from './outside.ts'
import type { World } from './world.ts'

/** One line of the story: what happened, how much of it, and a transaction that shows it. */
export interface StoryLine {
  readonly what: string
  readonly count: number
  readonly amountFen?: string
  readonly txId?: string
}

/** What the pilot has to remember between two starts; everything else it asks the gateways. */
export interface Notes {
  get<T>(name: string): T | undefined
  set(name: string, value: unknown): void
}

/** Everything a step needs. */
export interface Stage {
  readonly world: World
  readonly cast: readonly Person[]
  readonly actors: Actors
  readonly outside: Outside
  readonly organizations: readonly OrganizationKey[]
  readonly notes: Notes
  /** Shown while the step runs. */
  say(text: string): void
  tell(line: StoryLine): void
  /** Called at the first transaction of business that is committed. */
  firstCommit(): void
}

export function openNotes(folder: string): Notes {
  const file = path.join(folder, 'notes.json')
  mkdirSync(folder, { recursive: true })
  const notes = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)
    : {}
  return {
    get: <T>(name: string) => notes[name] as T | undefined,
    set(name, value) {
      notes[name] = value
      // Replaced in one step: a kill leaves the old notes or the new ones.
      writeFileSync(`${file}.new`, JSON.stringify(notes, null, 1))
      renameSync(`${file}.new`, file)
    },
  }
}

type Listed<N extends RouteName> = Output<N> extends { items: (infer T)[] } ? T : never

/** All pages of a list. */
export async function everything<N extends RouteName>(
  client: Client,
  route: N,
  query: Record<string, unknown> = {},
): Promise<Listed<N>[]> {
  const all: Listed<N>[] = []
  let cursor: string | undefined
  do {
    const page = (await client.call(route, {
      query: { ...query, limit: 500, ...(cursor === undefined ? {} : { cursor }) },
    } as unknown as Input<N>)) as { items: Listed<N>[]; nextCursor?: string }
    all.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return all
}

/** The operation's transaction that shows the step, for the table. */
export const transactionOf = (operation: Operation): { txId?: string } => {
  const txId = operation.transactions.at(-1)?.txId ?? operation.items.find(one => one.txId)?.txId
  return txId === undefined ? {} : { txId }
}

/** Bulk writes answer item by item: the step holds only if every item does. */
export function allItemsOk(operation: Operation, what: string): Operation {
  const refused = operation.items.filter(item => !item.ok)
  const first = refused[0]
  if (first) {
    const detail = `${first.code ?? 'no code'} ${first.detail ?? ''}`
    throw new Error(`${what}: ${refused.length} refused, first ${first.id}: ${detail}`)
  }
  return operation
}

export const sumFen = (amounts: readonly (string | undefined)[]): string =>
  String(amounts.reduce((sum, amount) => sum + BigInt(amount ?? '0'), 0n))
