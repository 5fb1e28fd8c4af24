import { timingSafeEqual } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import { ADDED_MAX, spoiled, type Faults } from './faults.ts'
import { isVoice, VOICES, type VoiceName } from './speak/index.ts'
import { createSourceWorld, type Said, type SourceWorld, type WorldOptions } from './stream.ts'

export interface SourcesSimulatorOptions extends WorldOptions {
  readonly port: number
  readonly token: string
  /** The clock at the start, ISO; without it the machine's clock is the world's. */
  readonly now?: string
}

export interface SourcesSimulator {
  readonly port: number
  readonly world: SourceWorld
  /** Sets the world's clock; it does not go on by itself. */
  moveTo(now: string): void
  setFaults(source: VoiceName, faults: Faults): void
  close(): Promise<void>
}

const NAME = 'Simulator of twelve data sources (invented firms and people)'
const LIMIT_MAX = 1_000

/** Starts the twelve sources behind one port, at /sources/<name>/records, and a page at /. */
export async function startSourcesSimulator(
  options: SourcesSimulatorOptions,
): Promise<SourcesSimulator> {
  const world = createSourceWorld(options)
  const faults = new Map<VoiceName, Faults>()
  let fixedMs = options.now === undefined ? undefined : instantOf(options.now)
  const nowMs = (): number => fixedMs ?? Date.now()
  const simulator = {
    world,
    moveTo(now: string) {
      const to = instantOf(now)
      // What was told cannot be untold.
      if (to < nowMs()) throw new Error('the clock only moves forward')
      fixedMs = to
    },
    setFaults: (source: VoiceName, set: Faults) => void faults.set(source, set),
  }
  const app = express().disable('x-powered-by')
  app.use((_, response, next) => {
    response.setHeader('X-Simulator', NAME)
    next()
  })
  app.get('/health', (_, response) => void response.json({ ok: true, simulator: NAME }))
  app.get('/', (_, response) => void response.type('html').send(page(world, nowMs())))
  app.use(onlyWith(options.token))
  recordRoutes(app, { world, nowMs, faultsOf: source => faults.get(source) ?? {} })
  switchRoutes(app, simulator)
  const server = await listen(app, options.port)
  return {
    ...simulator,
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function instantOf(text: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new Error('now must be an instant')
  return ms
}

const listen = (app: Express, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = app.listen(port, '127.0.0.1', fault => (fault ? reject(fault) : resolve(server)))
  })

const refuse = (response: Response, status: number, code: string): void =>
  void response.status(status).type('application/problem+json').json({ status, code })

const onlyWith = (token: string): RequestHandler => {
  const expected = Buffer.from(`Bearer ${token}`)
  return (request, response, next) => {
    const given = Buffer.from(request.headers.authorization ?? '')
    if (given.length === expected.length && timingSafeEqual(given, expected)) next()
    else refuse(response, 401, 'TOKEN_INVALID')
  }
}

interface Telling {
  readonly world: SourceWorld
  readonly nowMs: () => number
  readonly faultsOf: (source: VoiceName) => Faults
}

function recordRoutes(app: Express, telling: Telling): void {
  app.get('/sources/:source/records', async (request, response) => {
    const source = String(request.params['source'])
    if (!isVoice(source)) return refuse(response, 404, 'SOURCE_UNKNOWN')
    const asked = askedOf(request)
    if (!asked) return refuse(response, 400, 'CURSOR_INVALID')
    const faults = telling.faultsOf(source)
    if (faults.slowMs !== undefined) await delay(faults.slowMs)
    if (faults.status !== undefined) return refuse(response, faults.status, 'SIMULATED_FAULT')
    const text = JSON.stringify(
      answerOf(telling.world.said(source, telling.nowMs()), asked, faults),
    )
    response.type('json').send(faults.truncated ? text.slice(0, text.length / 2) : text)
  })
}

interface Asked {
  readonly from: number
  readonly limit: number
}

function askedOf({ query }: Request): Asked | undefined {
  const limit = Number(query['limit'] ?? 100)
  const after = query['after'] ?? 'c0'
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) return undefined
  if (typeof after !== 'string' || !/^c\d{1,12}$/.test(after)) return undefined
  return { from: Number(after.slice(1)), limit }
}

function answerOf(said: readonly Said[], { from, limit }: Asked, faults: Faults): object {
  const isAdding = Boolean(faults.duplicates || faults.conflicts || faults.garbage)
  const room = isAdding && limit > ADDED_MAX ? limit - ADDED_MAX : limit
  const until = Math.min(from + room, said.length)
  const told = said.slice(from, until).map(({ knownAtMs: _, ...record }) => record)
  return {
    records: isAdding && limit <= ADDED_MAX ? told : spoiled(told, faults),
    next: `c${Math.max(from, until)}`,
    more: until < said.length,
  }
}

function switchRoutes(
  app: Express,
  simulator: Pick<SourcesSimulator, 'moveTo' | 'setFaults'>,
): void {
  const json = express.json({ limit: '10kb' })
  app.put('/clock', json, (request, response) => {
    const { now } = (request.body ?? {}) as { now?: unknown }
    try {
      simulator.moveTo(String(now))
      response.json({ simulator: NAME, now })
    } catch {
      refuse(response, 422, 'CLOCK_REFUSED')
    }
  })
  app.put('/sources/:source/faults', json, (request, response) => {
    const source = String(request.params['source'])
    if (!isVoice(source)) return refuse(response, 404, 'SOURCE_UNKNOWN')
    const faults = (request.body ?? {}) as Faults
    simulator.setFaults(source, faults)
    response.json({ simulator: NAME, source, faults })
  })
}

function page({ said, actors }: SourceWorld, atMs: number): string {
  const rows = Object.entries(VOICES).map(([name, { title }]) => {
    const count = isVoice(name) ? said(name, atMs).length : 0
    return `<tr><td>${title} simulator<td>${name}<td align=right>${count}`
  })
  return `<!doctype html><meta charset=utf-8><title>Simulator</title><h1>${NAME}</h1>
<p>${actors.length} subjects, ${new Date(atMs).toISOString()}</p>
<table border=1 cellpadding=4>${rows.join('')}</table>`
}
