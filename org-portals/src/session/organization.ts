import { useQuery } from '@tanstack/react-query'
import { useSession } from './provider.tsx'

/** Whose gateway this is, and which day it is there. */
export function useOrganization() {
  const { client } = useSession()
  return useQuery({
    queryKey: ['organization'],
    queryFn: () => client.call('organization.get', {}),
    staleTime: 60_000,
  })
}
