/**
 * How portals are used, and what their users say of them.
 *
 * May import: `platform/`. Invariants: nothing that a user typed but the text of a feedback is taken; a batch is of the
 * caller's own session, whose id no body can name; who refuses is not recorded from that moment on.
 */
import { createHash } from 'node:crypto'
import { CodedError } from '../platform/faults.ts'
import type { Handlers } from '../platform/http/bind.ts'
import type { Caller } from '../platform/http/tokens.ts'
import type { Services } from '../services.ts'
import type { BehaviourBatch, BehaviourChoice, FeedbackInput } from './api.ts'
import { createQuota } from './quota.ts'
import { choose, standingOf, tellLake, type PortalEvent } from './store.ts'
import { NOTICE, NOTICE_VERSION, RETENTION_MONTHS } from './words.ts'

const BATCHES_PER_MINUTE = 30
const LATE_MS = 31 * 86_400_000
const EARLY_MS = 60_000

type Names = 'behaviour.record' | 'behaviour.choice' | 'behaviour.choose' | 'feedback.give'

export function behaviourHandlers({ database }: Services): Handlers<Names> {
  const quota = createQuota(BATCHES_PER_MINUTE)
  const stands = async (userId: string): Promise<BehaviourChoice> => {
    const { choice, isAttended } = await standingOf(database, userId)
    return {
      choice,
      isRecording: choice !== 'REFUSED' && isAttended,
      noticeVersion: NOTICE_VERSION,
      notice: NOTICE,
      retentionMonths: RETENTION_MONTHS,
    }
  }
  return {
    'behaviour.record': async ({ caller, body }) => {
      quota.step(caller.sessionId)
      const { isRecording } = await stands(caller.userId)
      if (!isRecording) return { taken: 0, tooOld: 0, isRecording }
      const all = eventsOf(caller, body, Date.now())
      const events = all.filter(({ at }) => isOfLate(Date.parse(at), Date.now()))
      const taken = await tellLake(database, events)
      return { taken, tooOld: all.length - events.length, isRecording }
    },
    'behaviour.choice': async ({ caller }) => stands(caller.userId),
    'behaviour.choose': async ({ caller, body }) => {
      if (body.noticeVersion !== NOTICE_VERSION)
        throw new CodedError('NOTICE_OUTDATED', { detail: 'read the notice as it is now' })
      const { choice, noticeVersion: notice } = body
      await database.transaction(tx => choose(tx, { userId: caller.userId, choice, notice }))
      return stands(caller.userId)
    },
    'feedback.give': async ({ caller, body, write }) => {
      quota.step(`feedback ${caller.sessionId}`)
      // Carried out again after a crash, it is the same feedback, and the lake keeps it once.
      const feedbackId = hashOf(`${caller.userId} ${write?.key ?? ''}`)
      const told = await tellLake(database, [feedbackOf(caller, body, feedbackId)])
      if (told === 0) throw new CodedError('FEEDBACK_NOT_KEPT', { detail: 'no lake reads it here' })
      return { feedbackId }
    },
  }
}

const isOfLate = (atMs: number, nowMs: number): boolean =>
  atMs >= nowMs - LATE_MS && atMs <= nowMs + EARLY_MS

/** Of letters enough that no two sessions of an organisation share them; the same as the triggers tell. */
const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 24)

/** What the browser's clock is off between sending and receiving is taken out: a wrong clock is no late event. */
export function eventsOf(caller: Caller, batch: BehaviourBatch, nowMs: number): PortalEvent[] {
  const offMs = nowMs - Date.parse(batch.sentAt)
  const session = hashOf(caller.sessionId)
  const { language, viewport } = batch
  return batch.events.map(({ id, at, ...event }) => ({
    ...event,
    eventId: id,
    userId: caller.userId,
    session,
    language,
    viewport,
    at: new Date(Date.parse(at) + offMs).toISOString(),
  }))
}

function feedbackOf(caller: Caller, body: FeedbackInput, eventId: string): PortalEvent {
  const at = body.at ?? new Date().toISOString()
  if (!isOfLate(Date.parse(at), Date.now()))
    throw new CodedError('REQUEST_INVALID', { fields: [{ path: 'body.at', code: 'OUT_OF_TIME' }] })
  return { ...body, kind: 'feedback', eventId, userId: caller.userId, at }
}
