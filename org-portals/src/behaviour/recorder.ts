/**
 * How the portal is used, in names that stand in its code: pages, buttons, codes of errors. Never an address, a value
 * or a text. Nothing leaves before the gateway has said that it records, and nothing more once it says that it does not.
 */
import type { Input } from '@triflow/gateway/client'

type Batch = Input<'behaviour.record'>['body']
type Event = Batch['events'][number]

export interface RecorderOptions {
  /** Whether events are kept: nobody refused, and somebody reads. */
  readonly isRecording: () => Promise<boolean>
  /** @param isLeaving the page is going away: the request must outlive it. */
  readonly send: (batch: Batch, isLeaving: boolean) => Promise<{ isRecording: boolean }>
  readonly language: () => Batch['language']
  readonly viewport: () => Batch['viewport']
  readonly nowMs?: () => number
  readonly newId?: () => string
}

export interface Recorder {
  /** Shown from now on; the page before it is told with the time it was seen. */
  enter(page: string): void
  /** Nobody looks: that time does not count. */
  hide(): void
  show(): void
  click(control: string): void
  error(code: string): void
  flush(isLeaving?: boolean): Promise<void>
}

const BATCH = 50
const WAITING_MAX = 200
const NAME = /^[a-z][A-Za-z0-9]{0,39}(\.[a-z][A-Za-z0-9]{0,39}){0,3}$/
const CODE = /^[A-Z][A-Z0-9_]{1,59}$/
const DAY_MS = 86_400_000

export function createRecorder(options: RecorderOptions): Recorder {
  const { nowMs = Date.now, newId = () => crypto.randomUUID() } = options
  let waiting: Event[] = []
  let isOn: boolean | undefined
  let page: string | undefined
  let seenMs = 0
  let sinceMs: number | undefined

  function tell(event: { kind: 'click'; control: string } | { kind: 'error'; code: string }): void {
    if (page !== undefined) add({ ...event, ...stamp(page) })
  }
  const stamp = (of: string) => ({ id: newId(), at: new Date(nowMs()).toISOString(), page: of })
  function add(event: Event): void {
    if (isOn === false) return
    waiting = [...waiting, event].slice(-WAITING_MAX)
  }
  function hide(): void {
    if (sinceMs !== undefined) seenMs += nowMs() - sinceMs
    sinceMs = undefined
  }
  function leave(): void {
    hide()
    const dwellMs = Math.min(Math.max(0, Math.round(seenMs)), DAY_MS)
    if (page !== undefined) add({ kind: 'page', ...stamp(page), dwellMs })
    seenMs = 0
  }

  return {
    enter(next) {
      leave()
      page = NAME.test(next) ? next : undefined
      sinceMs = nowMs()
    },
    hide,
    show() {
      sinceMs ??= nowMs()
    },
    click(control) {
      if (NAME.test(control)) tell({ kind: 'click', control })
    },
    error(code) {
      if (CODE.test(code)) tell({ kind: 'error', code })
    },
    async flush(isLeaving = false) {
      if (isLeaving) leave()
      isOn ??= await options.isRecording().catch(() => undefined)
      if (isOn !== true) {
        if (isOn === false) waiting = []
        return
      }
      const events = waiting.slice(0, BATCH)
      if (events.length === 0) return
      waiting = waiting.slice(BATCH)
      const sentAt = new Date(nowMs()).toISOString()
      const batch = { sentAt, language: options.language(), viewport: options.viewport(), events }
      try {
        isOn = (await options.send(batch, isLeaving)).isRecording
      } catch {
        // Sent again under the same ids, they are kept once.
        waiting = [...events, ...waiting].slice(-WAITING_MAX)
      }
    },
  }
}

export function viewportOf(width: number): Batch['viewport'] {
  if (width < 768) return 'COMPACT'
  return width < 1280 ? 'MEDIUM' : 'WIDE'
}
