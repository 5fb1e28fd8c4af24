import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Calls `attempt` until it resolves; the pause between two attempts grows from 20 to 200 ms. */
export async function poll<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let pauseMs = 20
  let last: unknown
  while (!signal.aborted) {
    try {
      return await attempt()
    } catch (fault) {
      last = fault
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined)
    pauseMs = Math.min(pauseMs * 1.5, 200)
  }
  throw new Error('gave up waiting', { cause: last ?? signal.reason })
}

/** Resolves once something listens on the port of this machine. */
export function portOpen(port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host })
    socket.setTimeout(1_000, () => socket.destroy(new Error('connect timed out')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}

/** Resolves once GET answers with a 2xx status. */
export async function httpOk(url: string, init: RequestInit = {}): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000), ...init })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
}

/** True when nothing listens on any of the ports, so that a network may claim them. */
export async function portsFree(ports: readonly number[]): Promise<boolean> {
  const checks = ports.map(
    port =>
      new Promise<boolean>(resolve => {
        const server = net.createServer()
        server.once('error', () => resolve(false))
        server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
          server.close(() => resolve(true)),
        )
      }),
  )
  return (await Promise.all(checks)).every(free => free)
}
