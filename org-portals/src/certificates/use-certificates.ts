import { useInfiniteQuery } from '@tanstack/react-query'
import { useUser } from '../session/provider.tsx'

/** Certificates this person has to do with, the latest change first. */
export function useCertificates(limit = 100) {
  const { client } = useUser()
  return useInfiniteQuery({
    queryKey: ['certificates', limit],
    queryFn: ({ pageParam }) =>
      client.call('certificates.list', {
        query: { limit, ...(pageParam ? { cursor: pageParam } : {}) },
      }),
    initialPageParam: '',
    getNextPageParam: page => page.nextCursor,
  })
}
