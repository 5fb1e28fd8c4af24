import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { BrowserRouter } from 'react-router'
import { isPassing, isSessionOver } from './design/problem.ts'
import { theme } from './design/theme.ts'
import { SessionProvider, useSession } from './session/provider.tsx'
import { Shell } from './shell/shell.tsx'

/** `networkMode`: the portal asks even when the browser believes to be offline; the gateway may be local. */
function openQueries(onError: (error: unknown) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        retry: (count, error) => count < 1 && isPassing(error),
        staleTime: 2_000,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}

/** The answers of one session. They go with it: nobody sees what the person before was shown. */
function Answers({ children }: { readonly children: ReactNode }) {
  const { user, lapse } = useSession()
  const whose = user?.userId
  const queries = useMemo(
    () =>
      openQueries(error => {
        if (whose !== undefined && isSessionOver(error)) lapse()
      }),
    [whose, lapse],
  )
  return <QueryClientProvider client={queries}>{children}</QueryClientProvider>
}

export function App() {
  const { i18n } = useTranslation()
  return (
    <ConfigProvider
      locale={i18n.language === 'zh' ? zhCN : enUS}
      theme={theme}
      button={{ autoInsertSpace: false }}
    >
      <SessionProvider>
        <Answers>
          <BrowserRouter>
            <Shell />
          </BrowserRouter>
        </Answers>
      </SessionProvider>
    </ConfigProvider>
  )
}
