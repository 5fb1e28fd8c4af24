import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Form, Input, type InputRef } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../design/problem.ts'
import { LanguageSwitch } from '../shell/language-switch.tsx'
import { FlowMark } from '../shell/mark.tsx'
import { Meeting } from './meeting.tsx'
import './login.css'
import { useOrganization } from './organization.ts'
import { useSession } from './provider.tsx'

interface Credentials {
  readonly login: string
  readonly password: string
}

function useLogIn() {
  const { logIn } = useSession()
  return useMutation({
    mutationFn: ({ login, password }: Credentials) => logIn(login.trim(), password),
    retry: false,
  })
}

export function LoginPage() {
  const { t } = useTranslation()
  const organization = useOrganization()
  const name = organization.data?.displayName
  useEffect(() => {
    document.title = [t('login.title'), name, 'TriFlow'].filter(Boolean).join(' · ')
  }, [t, name])
  return (
    <div className="login">
      <div className="login-brand">
        <p className="login-name">
          <FlowMark size={40} />
          TriFlow
        </p>
        <p className="login-claim">{t('login.claim')}</p>
        <Meeting />
      </div>
      <main className="login-main">
        <div className="login-language">
          <LanguageSwitch />
        </div>
        <div className="login-form">
          <h1>{name ?? t('login.title')}</h1>
          <p className="quiet">{t('login.lead')}</p>
          {organization.data?.simulators && <p className="quiet">{t('shell.simulators')}</p>}
          <Notices unreachable={organization.isError} />
          <LoginForm />
        </div>
      </main>
    </div>
  )
}

/** What the visitor should know before typing: the session ended, or nobody answers. */
function Notices({ unreachable }: { readonly unreachable: boolean }) {
  const { t } = useTranslation()
  const { hasLapsed } = useSession()
  if (unreachable) {
    return <Alert type="warning" showIcon role="alert" title={t('problem.UNREACHABLE')} />
  }
  return hasLapsed && <Alert type="info" showIcon role="status" title={t('login.lapsed')} />
}

function LoginForm() {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const attempt = useLogIn()
  const password = useRef<InputRef>(null)
  // The answer is heard, then the cursor stands where the mistake probably is.
  useEffect(() => {
    if (attempt.isError) password.current?.focus({ cursor: 'all' })
  }, [attempt.isError, attempt.failureCount, attempt.submittedAt])
  return (
    <Form<Credentials> layout="vertical" requiredMark={false} onFinish={attempt.mutate}>
      <Form.Item
        name="login"
        label={t('login.name')}
        rules={[{ required: true, message: t('login.nameMissing') }]}
      >
        <Input autoComplete="username" autoFocus autoCapitalize="none" spellCheck={false} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t('login.password')}
        rules={[{ required: true, message: t('login.passwordMissing') }]}
      >
        <Input.Password ref={password} autoComplete="current-password" />
      </Form.Item>
      {attempt.error && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={problemText(attempt.error)}
          style={{ marginBottom: 16 }}
        />
      )}
      <Button type="primary" size="large" htmlType="submit" block loading={attempt.isPending}>
        {t(attempt.isPending ? 'login.entering' : 'login.enter')}
      </Button>
    </Form>
  )
}
