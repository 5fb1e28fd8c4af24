import { Button } from 'antd'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** A page that breaks, or whose code is gone after a release, says so and can be loaded again. */
export class PageFault extends Component<
  { readonly children: ReactNode },
  { readonly broken: boolean }
> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children
  }
}

function Broken() {
  const { t } = useTranslation()
  return (
    <div className="page">
      <div className="blank" role="alert">
        <strong>{t('state.broken')}</strong>
        <p>{t('state.brokenNext')}</p>
        <Button type="primary" onClick={() => location.reload()}>
          {t('action.reload')}
        </Button>
      </div>
    </div>
  )
}
