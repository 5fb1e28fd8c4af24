/** The four states a screen has besides showing its records. */
import { GatewayProblem } from '@triflow/gateway/client'
import type { UseQueryResult } from '@tanstack/react-query'
import { Button, Empty, Result, Skeleton } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** The text for a coded problem; an unknown code is shown as it is, so that support can use it. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation()
  return error => {
    if (!(error instanceof GatewayProblem)) return t('problem.UNREACHABLE')
    return t(`problem.${error.code}`, { defaultValue: error.problem.detail ?? error.code })
  }
}

interface StateProps<T> {
  readonly query: UseQueryResult<T>
  readonly isEmpty?: (value: T) => boolean
  readonly emptyText: string
  readonly children: (value: T) => ReactNode
}

export function State<T>({ query, isEmpty, emptyText, children }: StateProps<T>) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  if (query.isPending) return <Skeleton active aria-label={t('state.loading')} />
  if (query.error) {
    const refused = query.error instanceof GatewayProblem && query.error.problem.status === 403
    return (
      <Result
        status={refused ? '403' : 'warning'}
        title={t(refused ? 'state.refused' : 'state.failed')}
        subTitle={problemText(query.error)}
        extra={
          !refused && <Button onClick={() => void query.refetch()}>{t('action.retry')}</Button>
        }
      />
    )
  }
  if (isEmpty?.(query.data)) return <Empty description={emptyText} />
  return <>{children(query.data)}</>
}
