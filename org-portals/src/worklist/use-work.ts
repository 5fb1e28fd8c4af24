import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useUser } from '../session/provider.tsx'
import { doWork, type Progress, type WorkKind } from './actions.ts'

export function useWorklist() {
  const { client } = useUser()
  return useQuery({
    queryKey: ['worklist'],
    queryFn: () => client.call('worklist.get', { query: { limit: 200 } }),
    refetchInterval: 10_000,
  })
}

/** How many things wait for this person, over all kinds. */
export function useWaiting(): number {
  const { data } = useWorklist()
  return Object.values(data?.counts ?? {}).reduce((sum, count) => sum + count, 0)
}

/** Does work and keeps what became of it; every list is read again afterwards. */
export function useWork() {
  const { client } = useUser()
  const queries = useQueryClient()
  const [progress, setProgress] = useState<Progress>()
  const mutation = useMutation({
    mutationFn: (work: { kind: WorkKind; ids: readonly string[] }) =>
      doWork(client, work, setProgress),
    onMutate: () => setProgress(undefined),
    onSettled: () => queries.invalidateQueries(),
  })
  return { ...mutation, progress }
}

export type DoingWork = ReturnType<typeof useWork>
