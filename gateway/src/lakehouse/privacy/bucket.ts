/**
 * Reads the objects of a bucket, and no more than that: what is left of somebody is looked for by another way than the
 * one on which the engine that deleted it comes to its files, and past everything that this engine keeps of them.
 *
 * Requests are signed as AWS's Signature Version 4 asks for; the bodies of all of them are empty.
 */
import { createHash, createHmac } from 'node:crypto'
import { CodedError } from '../../platform/faults.ts'
import { sha256Hex } from '../../platform/ledger/signer.ts'
import { storageSecret, type StorageSettings } from '../storage.ts'

export interface Bucket {
  /**
   * Names below the prefix, without it, in order.
   *
   * @throws CodedError LAKE_SCAN_VERSIONS, LAKE_SCAN_UPLOADS where there is more in the bucket than its objects.
   */
  list(): Promise<string[]>
  read(name: string): Promise<Buffer>
}

const REQUEST_MS = 600_000

/** @param dataPath `s3://bucket/prefix`. */
export function openBucket(dataPath: string, storage: StorageSettings): Bucket {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(dataPath) ?? []
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`
  const ask = (asked: Asked): Promise<Response> => request(storage, bucket, asked)

  async function sure(asked: Asked): Promise<Response> {
    const response = await ask(asked)
    if (!response.ok) throw await refusal(response)
    return response
  }

  /** What a storage does not know it does not have. */
  async function optional(query: Query): Promise<string> {
    const response = await ask({ query })
    if (response.ok) return response.text()
    const { status } = response
    if (status === 401 || status === 403 || (status >= 500 && status !== 501))
      throw await refusal(response)
    await response.body?.cancel()
    return ''
  }

  async function ensureNothingElse(): Promise<void> {
    if (/<Status>\s*(Enabled|Suspended)/i.test(await optional({ versioning: '' })))
      throw new CodedError('LAKE_SCAN_VERSIONS', {
        detail: 'the bucket keeps versions of what is deleted: a lake needs one that does not',
      })
    if ((await optional({ uploads: '', prefix })).includes('<UploadId>'))
      throw new CodedError('LAKE_SCAN_UPLOADS', {
        detail: 'an upload has not ended: abort it where its writer was killed',
      })
  }

  return {
    async list() {
      await ensureNothingElse()
      const names: string[] = []
      let after = ''
      for (;;) {
        const query = { 'list-type': '2', prefix, ...(after ? { 'start-after': after } : {}) }
        const text = await (await sure({ query })).text()
        const keys = keysIn(text)
        names.push(...keys.map(key => key.slice(prefix.length)))
        if (!/<IsTruncated>\s*true/.test(text)) break
        const last = keys.at(-1)
        // A list that says it goes on, and does not, would be taken for all there is.
        if (last === undefined || last <= after) throw storageFault('its list does not go on')
        after = last
      }
      return names.filter(name => !name.endsWith('/') && name !== '').sort()
    },
    async read(name) {
      const response = await sure({ key: `${prefix}${name}` })
      return Buffer.from(await response.arrayBuffer().catch(away))
    },
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

const keysIn = (text: string): string[] =>
  [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) =>
    key.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
      if (decimal) return String.fromCodePoint(Number(decimal))
      if (hex) return String.fromCodePoint(Number.parseInt(String(hex), 16))
      return ENTITIES[String(name)] ?? String(all)
    }),
  )

const storageFault = (detail: string, cause?: unknown): CodedError =>
  new CodedError('LAKE_STORAGE', { detail, cause })

/** Its words may name what was asked for; its code does not. */
async function refusal(response: Response): Promise<CodedError> {
  const [, code] = /<Code>(\w{1,60})<\/Code>/.exec(await response.text().catch(() => '')) ?? []
  return storageFault(`it answers ${response.status}${code ? ` ${code}` : ''}`)
}

function away(cause: unknown): never {
  throw storageFault('it does not answer', cause)
}

type Query = Readonly<Record<string, string>>

interface Asked {
  readonly key?: string
  readonly query?: Query
}

const NOTHING = sha256Hex('')

async function request(
  storage: StorageSettings,
  bucket: string,
  { key = '', query = {} }: Asked,
): Promise<Response> {
  const { endpoint, tls, urlStyle } = storage
  const isPath = urlStyle === 'path'
  const origin = `${tls ? 'https' : 'http'}://${isPath ? endpoint : `${bucket}.${endpoint}`}`
  const path = `/${[...(isPath ? [bucket] : []), ...key.split('/')].map(escaped).join('/')}`
  const parameters = Object.entries(query)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&')
  const { host } = new URL(origin)
  const at = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const headers = { host, 'x-amz-content-sha256': NOTHING, 'x-amz-date': at }
  const authorization = signed(storage, { path, parameters, headers, at })
  return fetch(`${origin}${path}${parameters ? `?${parameters}` : ''}`, {
    headers: { ...headers, authorization },
    redirect: 'error',
    signal: AbortSignal.timeout(REQUEST_MS),
  }).catch(away)
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

interface Signing {
  readonly path: string
  readonly parameters: string
  /** In the order of their names. */
  readonly headers: Readonly<Record<string, string>>
  readonly at: string
}

function signed(storage: StorageSettings, { path, parameters, headers, at }: Signing): string {
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const asked = ['GET', path, parameters, lines.join(''), names, NOTHING].join('\n')
  const day = at.slice(0, 8)
  const scope = `${day}/${storage.region}/s3/aws4_request`
  const hash = createHash('sha256').update(asked).digest('hex')
  const key = [storage.region, 's3', 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(`AWS4${storageSecret(storage)}`, day),
  )
  const signature = hmac(key, ['AWS4-HMAC-SHA256', at, scope, hash].join('\n')).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${storage.keyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
}
