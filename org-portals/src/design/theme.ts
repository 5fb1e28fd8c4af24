import type { ThemeConfig } from 'antd'

/** The three flows have one colour each, everywhere: information, goods, funds. */
export const flowColour = { information: '#2f5d9b', goods: '#b8701c', funds: '#0b6e6e' } as const

export const outcomeColour = {
  MATCHED: '#0b6e6e',
  WITHIN_TOLERANCE: '#8fb339',
  OVERRIDDEN: '#2f5d9b',
  EXCEPTION: '#b5382a',
  NONE: '#9aa5a5',
  REJECTED: '#6b4f4f',
} as const

export const theme: ThemeConfig = {
  token: {
    colorPrimary: flowColour.funds,
    colorInfo: flowColour.information,
    colorLink: flowColour.information,
    colorText: '#16302f',
    colorBgLayout: '#f4f6f5',
    borderRadius: 6,
    fontFamily:
      '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif',
  },
  components: {
    Layout: { headerBg: '#ffffff', siderBg: '#ffffff' },
    Table: { headerBg: '#eef2f1' },
  },
}
