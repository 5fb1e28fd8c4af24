/** One page over HTTP, with limits on its time and its size; every way to fail has a code. */
import { z } from 'zod'
import { CodedError } from '../../platform/faults.ts'
import { storable } from './fields.ts'
import type { Page } from './screen.ts'
import type { SourceName } from './source.ts'

export const FAULT_CODES = [
  'SOURCE_TIMEOUT',
  'SOURCE_UNREACHABLE',
  'SOURCE_REFUSED',
  'SOURCE_STATUS',
  'SOURCE_TOO_LARGE',
  'SOURCE_NOT_JSON',
  'SOURCE_PAGE_INVALID',
  'SOURCE_CURSOR_STUCK',
] as const
export type FaultCode = (typeof FAULT_CODES)[number]

export interface SourceClient {
  /** @throws CodedError with one of `FAULT_CODES`; `facts.retryAfterMs` when the source asked for a pause. */
  page(source: SourceName, after: string | undefined, stop?: AbortSignal): Promise<Page>
}

export interface ClientOptions {
  readonly baseUrl: string
  readonly token: string
  readonly limit: number
  /** From the request to the last byte. */
  readonly timeoutMs: number
  readonly bytesMax: number
}

const CURSOR_MAX = 512

const Envelope = z.object({
  records: z.array(z.unknown()),
  next: storable(CURSOR_MAX),
  more: z.boolean(),
})

export function createClient(options: ClientOptions): SourceClient {
  return {
    async page(source, after, stop) {
      const limit = limited(options.timeoutMs, stop)
      try {
        const answer = await fetch(addressOf(options, source, after), {
          headers: { authorization: `Bearer ${options.token}`, accept: 'application/json' },
          // Elsewhere the token is not for anybody's eyes.
          redirect: 'manual',
          signal: limit.signal,
        })
        if (answer.status !== 200) throw await refusalOf(answer)
        return pageOf(await boundedText(answer, options.bytesMax), options.limit, after)
      } catch (error) {
        if (error instanceof CodedError) throw error
        if (limit.isLate()) throw fault('SOURCE_TIMEOUT', `no answer in ${options.timeoutMs} ms`)
        throw fault('SOURCE_UNREACHABLE', reasonOf(error))
      } finally {
        limit.end()
      }
    },
  }
}

/** Leaves nothing behind on `stop`, which lives as long as the process and would gather a listener per request. */
function limited(ms: number, stop: AbortSignal | undefined) {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    abort()
  }, ms)
  stop?.addEventListener('abort', abort)
  if (stop?.aborted) abort()
  return {
    signal: controller.signal,
    isLate: () => isLate,
    end() {
      clearTimeout(timer)
      stop?.removeEventListener('abort', abort)
    },
  }
}

const fault = (code: FaultCode, detail: string, facts: Record<string, unknown> = {}): CodedError =>
  new CodedError(code, { status: 502, detail, facts })

function addressOf(options: ClientOptions, source: SourceName, after: string | undefined): URL {
  const base = options.baseUrl.endsWith('/') ? options.baseUrl : `${options.baseUrl}/`
  const address = new URL(`sources/${source}/records`, base)
  address.searchParams.set('limit', String(options.limit))
  if (after !== undefined) address.searchParams.set('after', after)
  return address
}

/** The system's own short word, such as ECONNREFUSED; a message may repeat what was sent. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown } }
  return typeof cause?.code === 'string' ? cause.code : 'the connection broke'
}

async function refusalOf(answer: Response): Promise<CodedError> {
  // The body is not read: it may be long, and nothing is decided by it.
  await answer.body?.cancel()
  const detail = `status ${answer.status}`
  const isRefused = answer.status === 401 || answer.status === 403
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
  return fault(
    isRefused ? 'SOURCE_REFUSED' : 'SOURCE_STATUS',
    detail,
    seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {},
  )
}

async function boundedText(answer: Response, bytesMax: number): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  // Counted after decompression: a small answer may unfold to a large one.
  for await (const part of answer.body ?? []) {
    bytes += part.byteLength
    if (bytes > bytesMax) throw fault('SOURCE_TOO_LARGE', `more than ${bytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function pageOf(text: string, limit: number, after: string | undefined): Page {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw fault('SOURCE_NOT_JSON', `${text.length} characters that are not JSON`)
  }
  const parsed = Envelope.safeParse(json)
  if (!parsed.success) {
    const path = (parsed.error.issues[0]?.path ?? []).join('.')
    throw fault('SOURCE_PAGE_INVALID', `the page is wrong at "${path}"`)
  }
  const page = parsed.data
  if (page.records.length > limit)
    throw fault('SOURCE_PAGE_INVALID', `${page.records.length} records where ${limit} were asked`)
  if (page.next === after && (page.more || page.records.length > 0))
    throw fault('SOURCE_CURSOR_STUCK', 'the cursor does not move')
  return page
}
