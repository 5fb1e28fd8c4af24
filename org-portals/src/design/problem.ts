/** What a coded problem means and what to do next, in the reader's language. */
import { GatewayProblem } from '@triflow/gateway/client'
import type { TFunction } from 'i18next'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

/** A code that has no text is shown as it is, so that support can use it. */
export function codeText(t: TFunction, code: string): string {
  return t(`problem.${code}`, { defaultValue: t('problem.other', { code }) })
}

export function problemText(t: TFunction, error: unknown): string {
  if (!(error instanceof GatewayProblem)) return t('problem.UNREACHABLE')
  // A proxy in between answered, or the gateway is starting: there is no code of ours.
  if (error.code === 'NO_PROBLEM') return t('problem.UNREACHABLE')
  return codeText(t, error.code)
}

export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation()
  return useCallback(error => problemText(t, error), [t])
}

const OVER: ReadonlySet<string> = new Set([
  'SESSION_ENDED',
  'TOKEN_EXPIRED',
  'TOKEN_INVALID',
  'TOKEN_MISSING',
])

/** The session is over and only logging in again helps. */
export function isSessionOver(error: unknown): boolean {
  return error instanceof GatewayProblem && OVER.has(error.code)
}

export function isProblem(error: unknown, code: string): boolean {
  return error instanceof GatewayProblem && error.code === code
}

/** Worth asking again by itself: nobody answered, or the gateway said that it is busy. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof GatewayProblem) || error.problem.status >= 500
}
