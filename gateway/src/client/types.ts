import type { z } from 'zod'
import type { Api } from '../api.ts'

export type { RouteName } from '../api.ts'

type Part<R, K extends string> =
  R extends Record<K, infer S extends z.ZodType> ? { [P in K]: z.input<S> } : object

type Content<R> = R extends { bodyMedia: string }
  ? { content: Uint8Array | Blob | ReadableStream<Uint8Array> | NodeJS.ReadableStream }
  : object

/** What a call of one route takes: path parameters, query, body; `idempotencyKey` is made when absent. */
export type Input<N extends keyof Api> = Part<Api[N], 'params'> &
  Partial<Part<Api[N], 'query'>> &
  Part<Api[N], 'body'> &
  Content<Api[N]> & { idempotencyKey?: string; signal?: AbortSignal }

/** What a route answers. */
export type Output<N extends keyof Api> = z.output<Api[N]['response']>
