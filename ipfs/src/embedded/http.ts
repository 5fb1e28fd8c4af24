/** What the routes share: the RPC's error shape, its argument rules and multipart bodies. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import busboy from 'busboy'
import { CID } from 'multiformats/cid'
import type { BlockStorage } from './store.ts'

export interface RpcCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly storage: BlockStorage
}

export type RpcRoute = (call: RpcCall) => Promise<void>

/** An error as Kubo's RPC answers it: status, and `{Message, Code, Type: "error"}`. */
export class RpcFault extends Error {
  readonly status: number

  constructor(message: string, status = 500) {
    super(message)
    this.status = status
  }
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

export function sendFault(response: ServerResponse, fault: RpcFault): void {
  if (response.headersSent) {
    // Too late for a status: break the connection, so that the reader cannot take a part for the whole.
    response.destroy()
    return
  }
  response.statusCode = fault.status
  sendJson(response, { Message: fault.message, Code: 0, Type: 'error' })
}

export function parseCid(text: string): CID {
  try {
    return CID.parse(text.replace(/^\/ipfs\//, ''))
  } catch {
    throw new RpcFault(`invalid path "${text}": selected encoding not supported`)
  }
}

export function argumentCid(query: URLSearchParams): CID {
  const argument = query.get('arg')
  if (!argument) throw new RpcFault('argument "ipfs-path" is required', 400)
  return parseCid(argument)
}

/** Hands each file part of a multipart body to `onPart`, one after the other. */
export async function eachPart(
  request: IncomingMessage,
  onPart: (name: string, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<number> {
  let parser: busboy.Busboy
  try {
    parser = busboy({ headers: request.headers, preservePath: true, limits: { fields: 16 } })
  } catch {
    throw new RpcFault("request Content-Type isn't multipart/form-data", 400)
  }
  let parts = 0
  let chain = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    parser.on('file', (_field, stream, info) => {
      parts += 1
      chain = chain.then(() => onPart(decodeURIComponent(info.filename ?? ''), stream))
      chain.catch(error => {
        stream.resume()
        reject(error as Error)
      })
    })
    parser.on('error', reject)
    parser.on('close', () => chain.then(resolve, reject))
    request.on('aborted', () => reject(new RpcFault('request aborted', 400)))
    request.pipe(parser)
  })
  return parts
}
