import { createServer, type Server } from 'node:http'
import path from 'node:path'
import express, { type Express, type Router } from 'express'
import { rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import { CodedError } from '../faults.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { problemHandler, routeUnknown } from './problem.ts'

export interface AppOptions {
  readonly api: Router | undefined
  /** Made when somebody asks for it: a noticeable part of a start otherwise. */
  readonly openapi: () => unknown
  readonly metrics: Metrics
  readonly log: Log
  readonly ready: () => Promise<Record<string, boolean>>
  readonly portalDirectory: string | undefined
  /** Per address, against guessing by many logins; one login is locked by its own failures. */
  readonly loginsPerMinute: number
  readonly requestsPerMinute: number
}

/** The whole HTTP face of the process: health for the supervisor, metrics, the API, the portal. */
export function createApp(options: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  app.use(helmet({ contentSecurityPolicy: { directives: CSP } }))
  app.get('/healthz', (_request, response) => void response.json({ ok: true }))
  app.get('/readyz', async (_request, response) => {
    const parts = await options.ready()
    const ok = Object.values(parts).every(Boolean)
    response.status(ok ? 200 : 503).json({ ok, parts })
  })
  app.get('/metrics', async (_request, response) => {
    response.type('text/plain').send(await options.metrics.text())
  })
  if (options.api) {
    app.use(options.metrics.observe)
    app.use('/v1', limiter(options.requestsPerMinute))
    app.post('/v1/sessions', limiter(options.loginsPerMinute))
    app.get('/v1/openapi.json', (_request, response) => void response.json(options.openapi()))
    app.use(options.api)
  }
  app.use('/v1', routeUnknown)
  if (options.portalDirectory) mountPortal(app, options.portalDirectory)
  app.use(routeUnknown)
  app.use(problemHandler(options.log))
  return app
}

/** Styles are inline because the portals' component library writes them; scripts are ours only. */
const CSP = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  frameAncestors: ["'none'"],
  // A pilot on one machine speaks plain HTTP; behind a TLS terminator nothing mixed is served anyway.
  upgradeInsecureRequests: null,
}

function limiter(perMinute: number): express.RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, _response, next) => {
      next(new CodedError('RATE_LIMITED', { detail: 'wait a minute and go on more slowly' }))
    },
  })
}

/** Hashed assets may be kept for ever, the page that names them never. */
function mountPortal(app: Express, directory: string): void {
  const folder = path.resolve(directory)
  const year = 365 * 24 * 3600
  app.use(
    '/assets',
    express.static(path.join(folder, 'assets'), { maxAge: year * 1000, immutable: true }),
  )
  app.use(express.static(folder, { index: false, maxAge: 0 }))
  app.get('/{*any}', (_request, response) => {
    response.setHeader('cache-control', 'no-cache')
    response.sendFile(path.join(folder, 'index.html'))
  })
}

/** Listens; resolves with the server and the port it got. */
export async function listen(
  app: Express,
  place: { host: string; port: number },
): Promise<{ server: Server; port: number }> {
  const server = createServer(app)
  server.requestTimeout = 300_000
  server.headersTimeout = 15_000
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(place.port, place.host, resolve)
  })
  const address = server.address()
  return { server, port: typeof address === 'object' && address ? address.port : place.port }
}
