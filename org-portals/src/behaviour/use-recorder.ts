import type { Client } from '@triflow/gateway/client'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useUser } from '../session/provider.tsx'
import { createRecorder, viewportOf, type RecorderOptions } from './recorder.ts'

const FLUSH_MS = 15_000

/** A page that goes away cannot wait for a token to be renewed: it tries with the one it has. */
const sendBy =
  (client: Client): RecorderOptions['send'] =>
  async (body, isLeaving) => {
    if (!isLeaving) return client.call('behaviour.record', { body })
    await fetch('/v1/behaviour', {
      method: 'POST',
      keepalive: true,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${client.session?.accessToken ?? ''}`,
      },
      body: JSON.stringify(body),
    })
    return { isRecording: true }
  }

/** Records the pages of the table of routes, and clicks on what carries `data-control`. */
export function useRecorder(page: string): void {
  const { client } = useUser()
  const { i18n } = useTranslation()
  const [recorder] = useState(() =>
    createRecorder({
      isRecording: async () => (await client.call('behaviour.choice', {})).isRecording,
      send: sendBy(client),
      language: () => (i18n.language === 'zh' ? 'zh' : 'en'),
      viewport: () => viewportOf(innerWidth),
    }),
  )
  useEffect(() => recorder.enter(page), [recorder, page])
  useEffect(() => {
    const timer = setInterval(() => void recorder.flush(), FLUSH_MS)
    const seen = (): void => (document.hidden ? recorder.hide() : recorder.show())
    const gone = (): void => void recorder.flush(true)
    const clicked = ({ target }: MouseEvent): void => {
      const named = target instanceof Element ? target.closest<HTMLElement>('[data-control]') : null
      if (named?.dataset['control']) recorder.click(named.dataset['control'])
    }
    document.addEventListener('visibilitychange', seen)
    document.addEventListener('click', clicked)
    addEventListener('pagehide', gone)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', seen)
      document.removeEventListener('click', clicked)
      removeEventListener('pagehide', gone)
    }
  }, [recorder])
}
