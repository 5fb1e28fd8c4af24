// The mesh: one mutual-TLS link to every other node. Of two nodes the one that comes first in the definition dials.
// Invariants: a link exists only to a node of the definition whose certificate the channel configuration accepts; a newer
// link replaces an older one to the same node; a lost link is dialled again with growing pauses.
import tls from 'node:tls'
import { contactOf, type Contact } from './contacts.ts'
import type { FrameType } from './frames.ts'
import { Link, LINK_LIMITS, type LinkLimits } from './link.ts'

const PAUSE_FIRST_MS = 50
const PAUSE_MAX_MS = 1_000
const HANDSHAKE_MS = 5_000

export interface MeshLog {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
}

export interface MeshHandlers {
  onFrame(from: Contact, type: FrameType, payload: Uint8Array): void
  onRequest(from: Contact, method: number, body: Uint8Array): Promise<Uint8Array>
  onUp(to: Contact): void
  onDown(to: Contact): void
}

export interface MeshOptions {
  /** Full name of this node. */
  self: string
  /** Every node of the network, this one included, in the order of the definition. */
  contacts: readonly Contact[]
  certificatePem: string
  privateKeyPem: string
  handlers: MeshHandlers
  log: MeshLog
  limits?: Partial<LinkLimits>
}

export class Mesh {
  #options: MeshOptions
  #limits: LinkLimits
  #self: Contact
  #links = new Map<string, Link>()
  #counters = new Map<string, number>()
  #server: tls.Server
  #redials = new Set<NodeJS.Timeout>()
  #sockets = new Set<tls.TLSSocket>()
  #closed = false

  private constructor(options: MeshOptions, self: Contact) {
    this.#options = options
    this.#limits = { ...LINK_LIMITS, ...options.limits }
    this.#self = self
    this.#server = tls.createServer(
      { ...this.#tlsOptions(), requestCert: true, handshakeTimeout: HANDSHAKE_MS },
      socket => this.#accept(socket),
    )
    this.#server.on('tlsClientError', () => this.#count('refused_tls'))
  }

  /** Listens and starts to dial. Rejects when the port is taken. */
  static async open(options: MeshOptions): Promise<Mesh> {
    const self = options.contacts.find(contact => contact.name === options.self)
    if (!self) throw new Error(`${options.self} is not a node of the network`)
    const mesh = new Mesh(options, self)
    await new Promise<void>((resolve, reject) => {
      mesh.#server.once('error', reject)
      mesh.#server.listen(self.port, self.host, () => resolve())
    })
    const at = options.contacts.indexOf(self)
    for (const contact of options.contacts.slice(at + 1)) mesh.#dial(contact, PAUSE_FIRST_MS)
    return mesh
  }

  /** False when there is no link or its queue is full. */
  send(to: string, type: FrameType, ...parts: Uint8Array[]): boolean {
    return this.#links.get(to)?.send(type, ...parts) ?? false
  }

  broadcast(type: FrameType, ...parts: Uint8Array[]): void {
    for (const link of this.#links.values()) link.send(type, ...parts)
  }

  request(to: string, method: number, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const link = this.#links.get(to)
    return link
      ? link.request(method, body, timeoutMs)
      : Promise.reject(new Error(`${to} is not connected`))
  }

  /** Names of the nodes there is a link to. */
  linked(): string[] {
    return [...this.#links.keys()]
  }

  isLinked(name: string): boolean {
    return this.#links.has(name)
  }

  counters(): Record<string, number> {
    return Object.fromEntries(this.#counters)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#redials) clearTimeout(timer)
    for (const link of [...this.#links.values()]) link.close('this node stops')
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  #tlsOptions(): tls.SecureContextOptions & { rejectUnauthorized: boolean } {
    const { contacts, certificatePem, privateKeyPem } = this.#options
    const authorities = new Set(
      contacts.flatMap(each => each.authorities.map(one => one.toString())),
    )
    return {
      cert: certificatePem,
      key: privateKeyPem,
      ca: [...authorities],
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
    }
  }

  #accept(socket: tls.TLSSocket): void {
    const contact = contactOf(this.#options.contacts, socket.getPeerX509Certificate())
    if (!contact || contact.name === this.#self.name) return this.#refuse(socket)
    this.#adopt(socket, contact)
  }

  #dial(contact: Contact, pauseMs: number): void {
    if (this.#closed) return
    const socket = tls.connect({
      ...this.#tlsOptions(),
      host: contact.host,
      port: contact.port,
      servername: contact.name,
      timeout: HANDSHAKE_MS,
      // Who answers is decided by `contactOf`, which is stricter than the name alone.
      checkServerIdentity: () => undefined,
    })
    this.#track(socket)
    let ended = false
    const again = (nextPauseMs: number): void => {
      if (!ended) this.#redial(contact, nextPauseMs)
      ended = true
    }
    const failed = (): void => {
      socket.destroy()
      again(Math.min(PAUSE_MAX_MS, pauseMs * 2))
    }
    // The socket keeps a listener for errors as long as it lives: a late one must not end the process.
    socket.on('error', failed).once('timeout', failed)
    socket.once('secureConnect', () => {
      socket.off('timeout', failed).setTimeout(0)
      const certificate = socket.getPeerX509Certificate()
      if (contactOf(this.#options.contacts, certificate)?.name !== contact.name) {
        this.#count('refused_certificate')
        return failed()
      }
      // An end that refuses our certificate says so only after the handshake: that is a failure too.
      this.#adopt(socket, contact, wasReady => again(wasReady ? PAUSE_FIRST_MS : PAUSE_MAX_MS))
    })
  }

  #redial(contact: Contact, pauseMs: number): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#redials.delete(timer)
      this.#dial(contact, pauseMs)
    }, pauseMs)
    this.#redials.add(timer)
  }

  #refuse(socket: tls.TLSSocket): void {
    this.#count('refused_certificate')
    socket.on('error', () => undefined)
    socket.destroy()
  }

  #adopt(
    socket: tls.TLSSocket,
    contact: Contact,
    onGone: (wasReady: boolean) => void = () => undefined,
  ): void {
    let wasReady = false
    this.#track(socket)
    const { handlers, log } = this.#options
    const link: Link = new Link(
      socket,
      {
        onFrame: (type, payload) => handlers.onFrame(contact, type, payload),
        onRequest: (method, body) => handlers.onRequest(contact, method, body),
        count: outcome => this.#count(outcome),
        onReady: () => {
          wasReady = true
          this.#links.get(contact.name)?.close('replaced by a newer link')
          this.#links.set(contact.name, link)
          log.info({ node: contact.name }, 'linked')
          handlers.onUp(contact)
        },
        onClose: reason => {
          const current = this.#links.get(contact.name) === link
          if (current) {
            this.#links.delete(contact.name)
            if (!this.#closed) log.warn({ node: contact.name, reason }, 'link lost')
            handlers.onDown(contact)
          }
          onGone(wasReady)
        },
      },
      this.#limits,
    )
  }

  #track(socket: tls.TLSSocket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #count(outcome: string): void {
    this.#counters.set(outcome, (this.#counters.get(outcome) ?? 0) + 1)
  }
}
