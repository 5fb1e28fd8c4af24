// Bytes that nobody should send, at every port a node opens.
import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { Client, credentials } from '@grpc/grpc-js'

const METHODS = [
  '/gateway.Gateway/Evaluate',
  '/gateway.Gateway/Endorse',
  '/gateway.Gateway/Submit',
  '/gateway.Gateway/CommitStatus',
  '/gateway.Gateway/ChaincodeEvents',
  '/protos.Endorser/ProcessProposal',
  '/no.such/Method',
]
/** These answer bad bytes with a status message, and then end well. */
const STREAMS = [
  '/protos.Deliver/Deliver',
  '/protos.Deliver/DeliverFiltered',
  '/protos.Deliver/DeliverWithPrivateData',
]
const CALL_MS = 2_000
const LINGER_MS = 300

/** Writes bytes to a port and waits until it is closed, or a moment. */
function pour(port: number, bytes: Buffer, secure: boolean): Promise<void> {
  return new Promise(resolve => {
    const socket = secure
      ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
      : net.connect({ port, host: '127.0.0.1' })
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.on(secure ? 'secureConnect' : 'connect', () => socket.write(bytes))
    socket.resume()
  })
}

/** Garbage as plain bytes and inside TLS. */
export async function pourGarbage(ports: readonly number[], bytes: Buffer): Promise<void> {
  for (const port of ports) {
    await pour(port, bytes, false)
    await pour(port, bytes, true)
  }
}

/** Calls every method of a peer with bytes that are no message; returns the gRPC codes of those that must fail. */
export async function callWithGarbage(
  peer: { endpoint: string; hostOverride: string; tlsCACert: string },
  bodies: readonly Buffer[],
  methods: { unary: readonly string[]; streams: readonly string[] } = {
    unary: METHODS,
    streams: STREAMS,
  },
): Promise<number[]> {
  const client = new Client(peer.endpoint, credentials.createSsl(readFileSync(peer.tlsCACert)), {
    'grpc.ssl_target_name_override': peer.hostOverride,
    'grpc.max_send_message_length': -1,
  })
  const same = (bytes: Buffer): Buffer => bytes
  const call = (method: string, body: Buffer): Promise<number> =>
    new Promise(resolve => {
      const stream = client.makeBidiStreamRequest(method, same, same, {
        deadline: Date.now() + CALL_MS,
      })
      stream.on('data', () => undefined)
      stream.on('error', () => undefined)
      stream.on('status', status => resolve(status.code))
      stream.write(body)
      stream.end()
    })
  const codes: number[] = []
  for (const body of bodies) {
    for (const method of methods.streams) await call(method, body)
    for (const method of methods.unary) codes.push(await call(method, body))
  }
  client.close()
  return codes
}
