import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, Button, Card, Flex, Form, Input, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../design/state.tsx'
import { LanguageSwitch } from '../shell/language-switch.tsx'
import { FlowMark } from '../shell/mark.tsx'
import { useSession } from './provider.tsx'

function useOrganization() {
  const { client } = useSession()
  return useQuery({
    queryKey: ['organization'],
    queryFn: () => client.call('organization.get', {}),
    staleTime: 60_000,
  })
}

function useLogIn() {
  const { logIn } = useSession()
  return useMutation({
    mutationFn: ({ login, password }: { login: string; password: string }) =>
      logIn(login, password),
  })
}

export function LoginPage() {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const organization = useOrganization()
  const attempt = useLogIn()
  return (
    <Flex
      vertical
      align="center"
      justify="center"
      gap={16}
      style={{ minHeight: '100%', padding: 16 }}
    >
      <Flex align="center" gap={12}>
        <FlowMark size={44} />
        <Typography.Title level={1} style={{ margin: 0, fontSize: 30 }}>
          TriFlow
        </Typography.Title>
      </Flex>
      <Card style={{ width: '100%', maxWidth: 380 }}>
        <Typography.Title level={2} style={{ marginTop: 0, fontSize: 18 }}>
          {organization.data?.name ?? t('login.title')}
        </Typography.Title>
        {organization.data?.simulators && <Tag color="gold">{t('shell.simulators')}</Tag>}
        <Form
          layout="vertical"
          requiredMark={false}
          onFinish={attempt.mutate}
          style={{ marginTop: 12 }}
        >
          <Form.Item name="login" label={t('login.name')} rules={[{ required: true }]}>
            <Input autoComplete="username" autoFocus />
          </Form.Item>
          <Form.Item name="password" label={t('login.password')} rules={[{ required: true }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          {attempt.error && (
            <Alert
              type="error"
              showIcon
              role="alert"
              title={problemText(attempt.error)}
              style={{ marginBottom: 12 }}
            />
          )}
          <Button type="primary" htmlType="submit" block loading={attempt.isPending}>
            {t('login.enter')}
          </Button>
        </Form>
      </Card>
      <LanguageSwitch />
    </Flex>
  )
}
