import type { ThemeConfig } from 'antd'

/** The three flows have one colour each, everywhere: information, goods, funds. */
export const flowColour = { information: '#2f5d9b', goods: '#b8701c', funds: '#0b6e6e' } as const

export const outcomeColour = {
  MATCHED: '#0b6e6e',
  WITHIN_TOLERANCE: '#6f8f1f',
  OVERRIDDEN: '#2f5d9b',
  EXCEPTION: '#b5382a',
  NONE: '#7d8a8a',
  REJECTED: '#6b4f4f',
} as const

/** Where a certificate stands on its way to redemption. */
export const ladderColour = {
  offered: '#b8701c',
  live: '#2f5d9b',
  overdue: '#b5382a',
  redeemed: '#0b6e6e',
} as const

export const theme: ThemeConfig = {
  token: {
    colorPrimary: flowColour.funds,
    colorInfo: flowColour.information,
    colorLink: flowColour.information,
    colorText: '#16302f',
    colorTextSecondary: '#526160',
    colorTextPlaceholder: '#66757a',
    colorBgLayout: '#f4f6f5',
    colorBorder: '#8a9897',
    colorSuccess: '#0b6e6e',
    colorError: '#b5382a',
    colorSuccessBg: '#e6f2f0',
    colorInfoBg: '#e9f0fa',
    colorInfoBorder: '#b9cde8',
    colorErrorBg: '#fdeeec',
    borderRadius: 8,
    controlHeight: 38,
    fontFamily: 'inherit',
  },
}
