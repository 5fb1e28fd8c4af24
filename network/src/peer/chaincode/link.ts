import type { ChannelCredentials } from '@grpc/grpc-js'
import { credentials } from '@grpc/grpc-js'
import { peer } from '@hyperledger/fabric-protos'
import { messageOf } from '../wire/faults.ts'
import type { Binding } from './bindings.ts'

/**
 * A message stream to one running chaincode. This is the seam for other ways to run one: whatever
 * carries ChaincodeMessages both ways in order can stand here.
 */
export interface ChaincodeLink {
  send(message: peer.ChaincodeMessage): void
  close(): void
}

export interface LinkHandlers {
  received(message: peer.ChaincodeMessage): void
  /** Called once; nothing is received after it. */
  broken(reason: string): void
}

export type OpenLink = (binding: Binding, handlers: LinkHandlers) => ChaincodeLink

/** Of the original: messages up to 100 MiB, a ping after 60 s of silence, 20 s for its answer. */
const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': 100 * 1024 * 1024,
  'grpc.max_send_message_length': 100 * 1024 * 1024,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // Connections are not shared: a chaincode that was restarted is dialled afresh.
  'grpc.use_local_subchannel_pool': 1,
} as const

function credentialsOf(binding: Binding): ChannelCredentials {
  if (!binding.tls) return credentials.createInsecure()
  const { rootCertPem, clientCertPem, clientKeyPem } = binding.tls
  const key = clientKeyPem ? Buffer.from(clientKeyPem) : null
  const certificate = clientCertPem ? Buffer.from(clientCertPem) : null
  return credentials.createSsl(Buffer.from(rootCertPem), key, certificate)
}

/** Dials a chaincode that runs as a service: method `/protos.Chaincode/Connect`. */
export const dialService: OpenLink = (binding, handlers) => {
  const client = new peer.ChaincodeClient(binding.address, credentialsOf(binding), CHANNEL_OPTIONS)
  const stream = client.connect()
  let open = true
  const end = (reason: string): void => {
    if (!open) return
    open = false
    stream.cancel()
    client.close()
    handlers.broken(reason)
  }
  stream.on('data', message => {
    if (open) handlers.received(message)
  })
  stream.on('error', error => end(messageOf(error)))
  stream.on('end', () => end('the chaincode ended the stream'))
  return {
    send: message => {
      if (open) stream.write(message)
    },
    close: () => end('closed by the peer'),
  }
}
