import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { formatCount } from '../format/index.ts'

interface MoreProps {
  readonly shown: number
  readonly query: Pick<
    UseInfiniteQueryResult,
    'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage' | 'isFetchNextPageError'
  >
}

/** How much of a long list is shown, and the rest of it. */
export function More({ shown, query }: MoreProps) {
  const { t } = useTranslation()
  return (
    <div className="more">
      <span className="quiet" role="status">
        {t(query.hasNextPage ? 'state.shownMore' : 'state.shown', { count: formatCount(shown) })}
      </span>
      {query.hasNextPage && (
        <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('action.more')}
        </Button>
      )}
    </div>
  )
}
