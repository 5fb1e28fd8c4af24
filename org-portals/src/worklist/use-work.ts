import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../design/state.tsx'
import { useUser } from '../session/provider.tsx'
import { doWork, summarise, type WorkKind } from './actions.ts'

export function useWorklist() {
  const { client } = useUser()
  return useQuery({
    queryKey: ['worklist'],
    queryFn: () => client.call('worklist.get', { query: { limit: 200 } }),
    refetchInterval: 10_000,
  })
}

/** Does work and says what became of it; every list is read again afterwards. */
export function useWork() {
  const { client } = useUser()
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ kind, ids }: { kind: WorkKind; ids: string[] }) => doWork(client, kind, ids),
    onSuccess: operation => {
      const result = summarise(operation)
      if (result.refused === 0) message.success(t('worklist.done', { count: result.ok }))
      else message.warning(t('worklist.partly', { ...result }))
    },
    onError: error => message.error(problemText(error)),
    onSettled: () => queries.invalidateQueries(),
  })
}
