/** Invented firms: places and trades are real words, no combination is meant to be a real company. */
export const CORE_NAME = '华陆精密装备股份有限公司'
export const LOGISTICS_NAME = '顺江供应链物流有限公司'
export const BANKS = [
  {
    organization: 'BankAMSP',
    folder: 'banka',
    name: '东申银行股份有限公司',
    branches: [
      { id: 'A-SH', name: '东申银行上海分行' },
      { id: 'A-SZ', name: '东申银行苏州分行' },
    ],
  },
  {
    organization: 'BankBMSP',
    folder: 'bankb',
    name: '江岳银行股份有限公司',
    branches: [
      { id: 'B-HZ', name: '江岳银行杭州分行' },
      { id: 'B-NJ', name: '江岳银行南京分行' },
    ],
  },
] as const

export const PLACES = [
  '苏州',
  '无锡',
  '常州',
  '昆山',
  '嘉兴',
  '宁波',
  '湖州',
  '南通',
  '绍兴',
  '芜湖',
]
export const STYLES = [
  '恒鑫',
  '瑞丰',
  '金科',
  '联达',
  '永固',
  '新域',
  '博远',
  '正业',
  '宏泰',
  '启明',
]
export const TRADES = [
  '五金',
  '紧固件',
  '电子',
  '模具',
  '橡塑',
  '铸造',
  '轴承',
  '线缆',
  '表面处理',
  '包装',
]

export interface Article {
  readonly code: string
  readonly description: string
  readonly unit: string
  readonly priceFen: bigint
}

const article = (code: string, description: string, unit: string, priceFen: bigint): Article => ({
  code,
  description,
  unit,
  priceFen,
})

/** What the core enterprise buys; prices are the framework contract's, in fen. */
export const ARTICLES: readonly Article[] = [
  article('FST-0812', '内六角螺栓 M8×12', 'C62', 1_280n),
  article('FST-1030', '法兰面螺母 M10', 'C62', 960n),
  article('BRG-6204', '深沟球轴承 6204-2RS', 'C62', 2_450n),
  article('BRG-30206', '圆锥滚子轴承 30206', 'C62', 6_830n),
  article('CST-0031', '球墨铸铁端盖', 'C62', 18_600n),
  article('MLD-2207', '注塑支架(黑色)', 'C62', 3_775n),
  article('ELC-0450', '线束总成 45 芯', 'C62', 24_990n),
  article('ELC-0112', '接近开关 NPN 三线', 'C62', 5_260n),
  article('RBR-0907', '丁腈橡胶密封圈', 'C62', 890n),
  article('PLT-0150', '镀锌钢板 1.5 mm', 'KGM', 6_150n),
  article('CBL-0325', '阻燃电缆 3×2.5', 'MTR', 1_430n),
  article('PKG-4030', '重型纸箱 400×300', 'C62', 1_120n),
]
