import { Button, Flex, Grid, Layout, Menu, Skeleton, Tag } from 'antd'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, Route, Routes, useLocation, useNavigate } from 'react-router'
import { LoginPage } from '../session/login.tsx'
import { useSession, useUser } from '../session/provider.tsx'
import { LanguageSwitch } from './language-switch.tsx'
import { FlowMark } from './mark.tsx'
import { pagesFor } from './routes.tsx'

export function Shell() {
  const { user } = useSession()
  return user ? <Frame /> : <LoginPage />
}

function Frame() {
  const { t } = useTranslation()
  const { user } = useUser()
  return (
    <Layout style={{ minHeight: '100%' }}>
      <a className="skip" href="#content">
        {t('shell.skip')}
      </a>
      <TopBar />
      <Layout.Content id="content" tabIndex={-1}>
        <Suspense fallback={<Skeleton active className="page" />}>
          <Routes>
            {pagesFor(user).map(({ path, page: Page }) => (
              <Route key={path} path={path} element={<Page />} />
            ))}
            <Route path="*" element={<Navigate to="/" replace />} />
          </Routes>
        </Suspense>
      </Layout.Content>
    </Layout>
  )
}

function TopBar() {
  const wide = Grid.useBreakpoint().md ?? true
  return (
    <Layout.Header
      style={{ height: 'auto', padding: wide ? '0 24px' : '8px 12px', lineHeight: 'normal' }}
    >
      <Flex align="center" gap={wide ? 16 : 8} wrap style={{ minHeight: 56 }}>
        <FlowMark size={28} />
        <Who />
        <div style={{ order: wide ? 1 : 3, flex: wide ? 1 : '1 1 100%', minWidth: 0 }}>
          <PageMenu />
        </div>
        <Flex gap={8} style={{ order: 2, marginLeft: 'auto' }}>
          <LanguageSwitch />
          <LogOut />
        </Flex>
      </Flex>
    </Layout.Header>
  )
}

function Who() {
  const { t } = useTranslation()
  const { user } = useUser()
  const wide = Grid.useBreakpoint().md ?? true
  return (
    <Flex vertical style={{ minWidth: 0 }}>
      <strong style={{ overflow: 'hidden', textOverflow: 'ellipsis' }}>
        {user.memberName ?? user.organization}
      </strong>
      {wide && (
        <span className="quiet" style={{ fontSize: 12 }}>
          {user.name}{' '}
          {user.roles.map(role => (
            <Tag key={role} style={{ marginInlineEnd: 4 }}>
              {t(`role.${role}`)}
            </Tag>
          ))}
        </span>
      )}
    </Flex>
  )
}

function PageMenu() {
  const { t } = useTranslation()
  const { user } = useUser()
  const go = useNavigate()
  const { pathname } = useLocation()
  return (
    <Menu
      mode="horizontal"
      selectedKeys={[pathname]}
      onClick={({ key }) => void go(key)}
      style={{ borderBottom: 0, background: 'transparent' }}
      items={pagesFor(user).map(page => ({ key: page.path, label: t(`page.${page.name}`) }))}
    />
  )
}

function LogOut() {
  const { t } = useTranslation()
  const { logOut } = useSession()
  return <Button onClick={() => void logOut()}>{t('shell.logOut')}</Button>
}
