import { rm } from 'node:fs/promises'
import express, { type Request, type Response, type Router } from 'express'
import type { z } from 'zod'
import type { Api, RouteName } from '../../api.ts'
import { CodedError } from '../faults.ts'
import { checkAnswer } from './checked.ts'
import type { Idempotency, WriteRequest } from './idempotency.ts'
import type { Caller, Tokens } from './tokens.ts'
import type { Upload } from './receive.ts'
import type { Route } from './route.ts'

type Parsed<R, K extends string> =
  R extends Record<K, infer S extends z.ZodType> ? z.output<S> : undefined

/** What a handler is given: everything decoded and checked. */
export interface Call<N extends RouteName> {
  readonly caller: Caller
  readonly params: Parsed<Api[N], 'params'>
  readonly query: Parsed<Api[N], 'query'>
  readonly body: Parsed<Api[N], 'body'>
  /** Of a write: identifies it for operations that outlive the request. */
  readonly write: WriteRequest | undefined
  /** Of a route with a body that is not JSON: the file it was received into. */
  readonly upload: Upload
  readonly request: Request
  readonly response: Response
}

/** An answer with another status than the route's own, e.g. 202 while an operation goes on. */
export class Answer<T> {
  readonly status: number
  readonly body: T
  readonly location: string | undefined
  /** The answer is computed anew for a repeated key (an operation), so it is not stored. */
  readonly volatile: boolean
  constructor(
    status: number,
    body: T,
    options: { location?: string | undefined; volatile?: boolean } = {},
  ) {
    this.status = status
    this.body = body
    this.location = options.location
    this.volatile = options.volatile ?? false
  }
}

/** The handler answered on the response itself (a stream). */
export const STREAMED = Symbol('streamed')

export type Handler<N extends RouteName> = (
  call: Call<N>,
) => Promise<z.input<Api[N]['response']> | Answer<z.input<Api[N]['response']>> | typeof STREAMED>

export type Handlers<N extends RouteName = RouteName> = { [K in N]: Handler<K> }

export interface BindOptions {
  readonly tokens: Tokens
  readonly idempotency: Idempotency
  /** Answers a repeated write that had started an operation. */
  readonly operationAnswer: (operationId: string) => Promise<Answer<unknown>>
  /** Called for every write that was carried out or refused: the audit log. */
  readonly audit: (entry: AuditEntry) => void
  /** Called for every read that was answered. */
  readonly read?: (entry: ReadEntry) => void
  /** Writes a body that is not JSON to disk. */
  readonly receive: (request: Request) => Promise<Upload>
  /** Throws SESSION_ENDED where the session behind a valid token was closed. */
  readonly checkSession: (caller: Caller) => Promise<void>
  /** Compares every answer with the schema of its route. */
  readonly checkAnswers?: boolean
}

export interface AuditEntry {
  readonly route: string
  readonly userId: string
  readonly memberId: string | undefined
  readonly key: string | undefined
  readonly status: number
  readonly code: string | undefined
}

export interface ReadEntry {
  readonly route: string
  readonly caller: Caller
  /** The first parameter of the path. */
  readonly objectId: string | undefined
}

const NOBODY: Caller = { userId: '', login: '', roles: [], memberId: undefined, sessionId: '' }
const KEY = /^[\x21-\x7e]{8,100}$/

/** Mounts every route of the table; a JSON body is read only after the caller is known. */
export function bindRoutes(
  table: Record<string, Route>,
  handlers: Handlers,
  options: BindOptions,
): Router {
  const router = express.Router()
  const json = express.json({ limit: '1mb', strict: true })
  for (const [name, route] of Object.entries(table)) {
    const handler = handlers[name as RouteName] as unknown as (call: unknown) => Promise<unknown>
    const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete'
    const withJson = route.body !== undefined
    router[method](
      route.path,
      async (request, response, next) => {
        response.locals['caller'] = await authenticate(route, request, options)
        next()
      },
      ...(withJson ? [requireJson, json] : []),
      async (request, response) => {
        await answer({ name, route, handler, options, request, response })
      },
    )
  }
  return router
}

function requireJson(request: Request, _response: Response, next: (error?: unknown) => void): void {
  const has = request.headers['content-length'] !== '0' && request.is('application/json')
  next(has ? undefined : new CodedError('MEDIA_TYPE', { detail: 'send application/json' }))
}

async function authenticate(route: Route, request: Request, options: BindOptions): Promise<Caller> {
  if (route.access === 'anyone') return NOBODY
  const [scheme, token] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || !token) throw new CodedError('TOKEN_MISSING')
  const caller = await options.tokens.verify(token)
  await options.checkSession(caller)
  if (route.access !== 'user' && !route.access.some(role => caller.roles.includes(role)))
    throw new CodedError('ROLE_MISSING', { detail: `needs one of: ${route.access.join(', ')}` })
  if (route.organization && caller.memberId !== undefined)
    throw new CodedError('ROLE_MISSING', {
      detail: 'for staff of the organisation, not of a member',
    })
  return caller
}

interface Context {
  readonly name: string
  readonly route: Route
  readonly handler: (call: unknown) => Promise<unknown>
  readonly options: BindOptions
  readonly request: Request
  readonly response: Response
}

function decode(schema: z.ZodType | undefined, value: unknown, place: string): unknown {
  if (!schema) return undefined
  requireText(value, place)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.slice(0, 20).map(issue => ({
    path: [place, ...issue.path].join('.'),
    code: issue.code.toUpperCase(),
    detail: issue.message,
  }))
  throw new CodedError('REQUEST_INVALID', { fields })
}

/** NUL and halves of characters are in no text, and PostgreSQL stores neither. */
function requireText(value: unknown, place: string): void {
  if (typeof value === 'string' && (value.includes('\u0000') || !value.isWellFormed()))
    throw new CodedError('REQUEST_INVALID', { fields: [{ path: place, code: 'NOT_TEXT' }] })
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) requireText(part, `${place}.${key}`)
}

async function answer(context: Context): Promise<void> {
  const { route, request, response } = context
  const caller = response.locals['caller'] as Caller
  const call = {
    caller,
    params: decode(route.params, request.params, 'path'),
    query: decode(route.query, request.query, 'query'),
    body: decode(route.body, request.body, 'body'),
    write: undefined,
    request,
    response,
  }
  const outcome = route.write ? await once(context, call) : await context.handler(call)
  if (route.method === 'GET') context.options.read?.(readOf(context, caller))
  if (outcome === STREAMED) return
  const full = outcome instanceof Answer ? outcome : new Answer(route.status ?? 200, outcome)
  if (context.options.checkAnswers && full.status < 300) checkAnswer(context.name, route, full.body)
  if (full.location) response.setHeader('location', full.location)
  response.setHeader('cache-control', 'no-store')
  response.status(full.status).json(full.body)
}

function readOf({ name, request }: Context, caller: Caller): ReadEntry {
  const [objectId] = Object.values(request.params)
  return { route: name, caller, objectId: typeof objectId === 'string' ? objectId : undefined }
}

interface Decoded {
  readonly caller: Caller
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/** Carries a write out at most once for its key, and writes the audit entry. */
async function once(context: Context, call: Decoded): Promise<unknown> {
  const { name, route, request, options } = context
  const key = keyOf(request)
  const upload = route.bodyMedia ? await options.receive(request) : undefined
  const write = {
    userId: call.caller.userId,
    key,
    route: name,
    requestHash: options.idempotency.hash([
      call.params ?? null,
      call.query ?? null,
      call.body ?? upload?.sha256 ?? null,
    ]),
  }
  const claim = await options.idempotency.claim(write)
  if (claim.kind === 'mine') return carryOut(context, { ...call, write, upload }, claim.owner)
  if (upload) await rm(upload.file, { force: true })
  if (claim.kind === 'operation') return options.operationAnswer(claim.operationId)
  return new Answer(claim.status, claim.answer)
}

function keyOf(request: Request): string {
  const key = request.headers['idempotency-key']
  if (typeof key === 'string' && KEY.test(key)) return key
  throw new CodedError('IDEMPOTENCY_KEY_MISSING', {
    detail: 'send Idempotency-Key: 8 to 100 printable characters, new for each piece of work',
  })
}

async function carryOut(
  context: Context,
  call: Decoded & { write: WriteRequest; upload: Upload | undefined },
  owner: string,
): Promise<Answer<unknown>> {
  const { route, request, response, options } = context
  const { write } = call
  const entry = {
    route: context.name,
    userId: write.userId,
    memberId: call.caller.memberId,
    key: write.key,
  }
  try {
    const outcome = await context.handler({ ...call, request, response })
    const full = outcome instanceof Answer ? outcome : new Answer(route.status ?? 200, outcome)
    if (!full.volatile) await options.idempotency.settle(write, full)
    options.audit({ ...entry, status: full.status, code: undefined })
    return full
  } catch (error) {
    await options.idempotency.release(write, owner)
    if (call.upload) await rm(call.upload.file, { force: true })
    const fault = error instanceof CodedError ? error : new CodedError('INTERNAL')
    options.audit({ ...entry, status: fault.status, code: fault.code })
    throw error
  }
}
