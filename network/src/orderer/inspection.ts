/** Envelopes on their way into the core: each inspected once at a time, a bounded number at once. */
import type { Request } from '../consensus/index.ts'
import type { Inspection } from './types.ts'

export type Inspect = (envelope: Uint8Array) => Promise<Inspection>

const BUSY: Inspection = {
  ok: false,
  code: 'ORDERER_BUSY',
  message: 'too many envelopes wait for inspection',
}

export class InspectionDesk {
  private readonly inspect: Inspect
  private readonly atOnceMax: number
  private readonly waitingMax: number
  private readonly running = new Map<string, Promise<Inspection>>()
  private readonly queue: (() => void)[] = []
  private active = 0

  constructor(
    inspect: Inspect,
    limits: { readonly atOnceMax: number; readonly waitingMax: number },
  ) {
    this.inspect = inspect
    this.atOnceMax = limits.atOnceMax
    this.waitingMax = limits.waitingMax
  }

  get length(): number {
    return this.running.size
  }

  /** A desk that is full refuses a client's envelope; a leader's batch is never refused as busy. */
  take(request: Request, isRefusable: boolean): Promise<Inspection> {
    const known = this.running.get(request.digest)
    if (known) return known
    if (isRefusable && this.running.size >= this.waitingMax) return Promise.resolve(BUSY)
    const inspection = this.run(request).finally(() => this.running.delete(request.digest))
    this.running.set(request.digest, inspection)
    return inspection
  }

  /** Whether every envelope of a batch passes. */
  async takeAll(requests: readonly Request[]): Promise<boolean> {
    const inspections = await Promise.all(requests.map(request => this.take(request, false)))
    return inspections.every(inspection => inspection.ok)
  }

  private async run({ payload }: Request): Promise<Inspection> {
    if (this.active >= this.atOnceMax) {
      await new Promise<void>(resolve => void this.queue.push(resolve))
    }
    this.active += 1
    try {
      return await this.inspect(payload)
    } catch (error) {
      return { ok: false, code: 'INSPECTION_FAILED', message: String(error) }
    } finally {
      this.active -= 1
      this.queue.shift()?.()
    }
  }
}
