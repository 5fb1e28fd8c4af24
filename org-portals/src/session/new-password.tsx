/** The two fields for a password of one's own, at the first log-in. */
import { Alert, Form, type FormRule } from 'antd'
import { useTranslation } from 'react-i18next'
import { PasswordInput } from './password-input.tsx'

const LENGTH_MIN = 12

/** Holds when the field is empty, or when it compares with the other one as it should. */
function comparesWith(other: string, same: boolean, message: string): FormRule {
  return ({ getFieldValue }) => ({
    validator: (_, value: string | undefined) =>
      !value || (value === getFieldValue(other)) === same
        ? Promise.resolve()
        : Promise.reject(new Error(message)),
  })
}

export function NewPassword() {
  const { t } = useTranslation()
  return (
    <>
      <Alert
        type="info"
        showIcon
        role="status"
        title={t('login.firstLead')}
        style={{ marginBottom: 16 }}
      />
      <Form.Item
        name="newPassword"
        label={t('login.newPassword')}
        dependencies={['password']}
        validateTrigger="onBlur"
        rules={[
          { required: true, message: t('login.newMissing') },
          { min: LENGTH_MIN, message: t('login.newShort') },
          comparesWith('password', false, t('login.newSame')),
        ]}
      >
        <PasswordInput autoFocus autoComplete="new-password" maxLength={200} />
      </Form.Item>
      <Form.Item
        name="again"
        label={t('login.again')}
        dependencies={['newPassword']}
        validateTrigger="onBlur"
        rules={[
          { required: true, message: t('login.againDiffers') },
          comparesWith('newPassword', true, t('login.againDiffers')),
        ]}
      >
        <PasswordInput autoComplete="new-password" maxLength={200} />
      </Form.Item>
    </>
  )
}
