import type { Operation, Problem } from '../platform/http/schemas.ts'
import type { Session } from '../sessions/api.ts'
import { routeTable } from './generated/routes.ts'
import type { Input, Output, RouteName } from './types.ts'

/** A refused request: RFC 9457 with the stable `code`. */
export class GatewayProblem extends Error {
  override readonly name = 'GatewayProblem'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail ?? problem.title}`)
    this.problem = problem
  }
  get code(): string {
    return this.problem.code
  }
}

export interface ClientOptions {
  /** Address of the gateway, e.g. `http://127.0.0.1:31700`. */
  readonly url: string
  readonly fetch?: typeof fetch
}

interface Loose {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  content?: unknown
  idempotencyKey?: string
  signal?: AbortSignal
}

/** A gateway's client: one method for all routes, typed by name. Tokens are renewed when they expire. */
export class Client {
  readonly #url: string
  readonly #fetch: typeof fetch
  #session: Session | undefined
  #renewal: Promise<void> | undefined

  constructor(options: ClientOptions) {
    this.#url = options.url.replace(/\/$/, '')
    this.#fetch = options.fetch ?? fetch
  }

  get session(): Session | undefined {
    return this.#session
  }

  /** Takes over a session that was kept elsewhere. */
  resume(session: Session | undefined): void {
    this.#session = session
  }

  /** `newPassword` replaces the password: needed once where another person has set it. */
  async logIn(login: string, password: string, newPassword?: string): Promise<Session> {
    const body = { login, password, ...(newPassword === undefined ? {} : { newPassword }) }
    this.#session = await this.call('sessions.open', { body })
    return this.#session
  }

  async call<N extends RouteName>(name: N, input: Input<N>): Promise<Output<N>> {
    const loose = input as Loose
    const key = loose.idempotencyKey ?? crypto.randomUUID()
    const answer = await this.#send(name, loose, key)
    if (answer.status !== 401 || !this.#session || LOG_IN.has(name) || loose.content)
      return this.#read<N>(answer)
    await this.#renew()
    return this.#read<N>(await this.#send(name, loose, key))
  }

  /** Calls a write and waits until its operation has ended, however long the ledger takes. */
  async perform<N extends RouteName>(
    name: N,
    input: Input<N>,
    options: { timeoutMs?: number } = {},
  ): Promise<Operation> {
    const first = (await this.call(name, input)) as Operation
    return this.settled(first, options)
  }

  async settled(operation: Operation, options: { timeoutMs?: number } = {}): Promise<Operation> {
    const deadline = Date.now() + (options.timeoutMs ?? 120_000)
    let current = operation
    while (current.status === 'running' || current.status === 'waiting') {
      if (Date.now() > deadline) throw new Error(`operation ${current.operationId} has not ended`)
      current = await this.call('operations.get', {
        params: { operationId: current.operationId },
        query: { waitMs: 10_000 },
      })
    }
    if (current.problem) throw new GatewayProblem(current.problem)
    return current
  }

  async #renew(): Promise<void> {
    const refreshToken = this.#session?.refreshToken
    if (!refreshToken) return
    this.#renewal ??= this.call('sessions.refresh', { body: { refreshToken } })
      .then(session => void (this.#session = session))
      .finally(() => (this.#renewal = undefined))
    await this.#renewal
  }

  async #send(name: RouteName, input: Loose, key: string): Promise<Response> {
    const route = routeTable[name]
    const headers: Record<string, string> = { accept: 'application/json' }
    if (this.#session) headers['authorization'] = `Bearer ${this.#session.accessToken}`
    if ('write' in route) headers['idempotency-key'] = key
    const { type, ...body } = bodyOf(input)
    if (type) headers['content-type'] = type
    return this.#fetch(`${this.#url}${addressOf(route.path, input)}`, {
      method: route.method,
      headers,
      ...body,
      ...(input.signal ? { signal: input.signal } : {}),
    })
  }

  async #read<N extends RouteName>(answer: Response): Promise<Output<N>> {
    const text = await answer.text()
    const json = (answer.headers.get('content-type') ?? '').includes('json')
    if (!answer.ok) throw new GatewayProblem(json ? (JSON.parse(text) as Problem) : opaque(answer))
    return (json ? JSON.parse(text) : text) as Output<N>
  }
}

/** Renewing a token for these would go round in circles. */
const LOG_IN: ReadonlySet<string> = new Set(['sessions.open', 'sessions.refresh'])

function addressOf(template: string, input: Loose): string {
  const path = template.replace(/:(\w+)/g, (_, part: string) =>
    encodeURIComponent(input.params?.[part] ?? ''),
  )
  const query = new URLSearchParams()
  for (const [field, value] of Object.entries(input.query ?? {}))
    if (value !== undefined) query.set(field, String(value))
  return query.size > 0 ? `${path}?${query.toString()}` : path
}

type Body = NonNullable<RequestInit['body']>

function bodyOf(input: Loose): { type?: string; body?: Body; duplex?: 'half' } {
  if (input.content !== undefined)
    return { type: 'application/octet-stream', body: input.content as Body, duplex: 'half' }
  if (input.body === undefined) return {}
  return { type: 'application/json', body: JSON.stringify(input.body) }
}

function opaque(answer: Response): Problem {
  return {
    type: 'about:blank',
    title: answer.statusText,
    status: answer.status,
    code: 'NO_PROBLEM',
  }
}

export function createClient(options: ClientOptions): Client {
  return new Client(options)
}
