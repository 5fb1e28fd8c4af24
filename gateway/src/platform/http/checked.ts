/**
 * Whether an answer is what its route promises. Readers of the API are made from the schemas, so an answer that says
 * less breaks them, and one that says more may say too much: both are defects. Off in production, where it would be
 * paid for by every list; on wherever the product is tried out.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Route } from './route.ts'

/** @throws Error when the body lacks something, has something of another type, or has more than the schema knows. */
export function checkAnswer(name: string, route: Route, body: unknown): void {
  // As the client reads it: what is undefined is not sent.
  const sent: unknown = body === undefined ? undefined : JSON.parse(JSON.stringify(body))
  const parsed = route.response.safeParse(sent)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    throw new Error(`${name} answers ${first?.path.join('.')}: ${first?.message}`)
  }
  if (isDeepStrictEqual(parsed.data, sent)) return
  throw new Error(`${name} answers more than its schema knows: ${unknownPaths(sent, parsed.data)}`)
}

/** Places where the one has what the other does not; names only, the values may be nobody's business. */
function unknownPaths(sent: unknown, known: unknown, place = ''): string[] {
  if (typeof sent !== 'object' || sent === null) return []
  return Object.entries(sent).flatMap(([key, value]) => {
    const here = place === '' ? key : `${place}.${key}`
    const other =
      typeof known === 'object' && known !== null
        ? (known as Record<string, unknown>)[key]
        : undefined
    return other === undefined ? [here] : unknownPaths(value, other, here)
  })
}
