/** The states a screen has besides showing its records: loading, empty, refused, failed, out of date. */
import { GatewayProblem } from '@triflow/gateway/client'
import type { UseQueryResult } from '@tanstack/react-query'
import { Alert, Button, Skeleton } from 'antd'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { formatInstant } from '../format/index.ts'
import { useProblemText } from './problem.ts'

interface StateProps<T> {
  readonly query: UseQueryResult<T>
  readonly isEmpty?: (value: T) => boolean
  readonly empty: ReactNode
  readonly children: (value: T) => ReactNode
}

export function State<T>({ query, isEmpty, empty, children }: StateProps<T>) {
  if (query.isPending) return <Loading />
  if (query.data === undefined) return <Failed query={query} />
  return (
    <>
      {query.error && <OutOfDate query={query} />}
      {isEmpty?.(query.data) ? empty : children(query.data)}
    </>
  )
}

const PATIENCE_MS = 2_000

/** A skeleton at once; words after two seconds. */
export function Loading() {
  const { t } = useTranslation()
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className="panel" aria-busy="true">
      <p role="status" className={late ? 'quiet' : 'unseen'}>
        {t(late ? 'state.slow' : 'state.loading')}
      </p>
      <Skeleton active title={false} paragraph={{ rows: 4 }} aria-hidden="true" />
    </div>
  )
}

type Failing = Pick<UseQueryResult, 'error' | 'refetch' | 'isFetching' | 'dataUpdatedAt'>

function Failed({ query }: { readonly query: Failing }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const { error } = query
  const refused = error instanceof GatewayProblem && error.problem.status === 403
  return (
    <div className="blank" role="alert">
      <Mark broken />
      <strong>{t(refused ? 'state.refused' : 'state.failed')}</strong>
      <p>{problemText(error)}</p>
      {!refused && (
        <Button type="primary" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t('action.retry')}
        </Button>
      )}
    </div>
  )
}

/** The last answer stays on the screen when a later one fails, and says how old it is. */
function OutOfDate({ query }: { readonly query: Failing }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const at = formatInstant(new Date(query.dataUpdatedAt).toISOString())
  return (
    <Alert
      className="stale"
      type="warning"
      showIcon
      role="alert"
      title={t('state.old', { at })}
      description={problemText(query.error)}
      action={
        <Button size="small" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t('action.retry')}
        </Button>
      }
    />
  )
}

interface BlankProps {
  readonly title: string
  readonly text?: string | undefined
  readonly children?: ReactNode
}

/** Nothing to show, why, and what would change that. */
export function Blank({ title, text, children }: BlankProps) {
  return (
    <div className="blank">
      <Mark />
      <strong>{title}</strong>
      {text && <p>{text}</p>}
      {children}
    </div>
  )
}

/** Three faint flows that do not meet yet; broken ones when something failed. */
function Mark({ broken = false }: { readonly broken?: boolean }) {
  return (
    <svg width="72" height="44" viewBox="0 0 72 44" aria-hidden="true">
      <g
        fill="none"
        strokeWidth="5"
        strokeLinecap="round"
        opacity="0.45"
        strokeDasharray={broken ? '16 11' : undefined}
      >
        <path d="M6 8c20 0 26 8 60 8" stroke="#2f5d9b" />
        <path d="M6 22h60" stroke="#b8701c" />
        <path d="M6 36c20 0 26-8 60-8" stroke="#0b6e6e" />
      </g>
    </svg>
  )
}
