/** Business documents that nobody wrote: the same ones for the same seed, about 200 to 400 characters each. */

/** A generator that replays: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Sample {
  readonly name: string
  readonly member: string
  readonly atMs: number
  readonly text: string
}

const CITIES =
  '深圳 上海 苏州 宁波 成都 武汉 青岛 厦门 东莞 佛山 无锡 合肥 西安 长沙 郑州 天津 重庆 大连 温州 嘉兴 南通 泉州 珠海 绍兴'
const SYLLABLES =
  '华 星 宏 达 鑫 盛 瑞 丰 恒 泰 博 远 金 利 德 顺 诚 信 众 联 创 美 康 嘉 润 伟 科 源 安 正'
const TRADES =
  '电子 机械 化工 纺织 食品 物流 钢铁 建材 医药 汽车配件 包装 能源 塑胶 五金 农业 家具 光电 通信 印刷 冷链'
const GOODS =
  '电容器 轴承 不锈钢板 聚乙烯 棉纱 冷冻鸡肉 托盘 水泥 注射液 刹车片 纸箱 锂电池 模具 螺栓 化肥 木材 显示屏 路由器 油墨 冷藏车 传感器 电缆 变压器 阀门 玻璃'
const SURNAMES = '王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗'
const GIVEN =
  '伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛 明 超 秀英 建国 晓明 志强 文博 雨桐 浩然 梓涵'
const KINDS =
  '采购合同 应收账款转让通知书 保理业务协议 收货确认单 质量检验报告 付款承诺函 对账函 发票签收单 尽职调查报告 运输委托书 担保函 催收函'
const CLAUSES = [
  '乙方应于收到货物后三个工作日内完成验收并出具收货确认单',
  '本协议项下应收账款债权自通知送达债务人之日起转让',
  '逾期付款的，每逾期一日按应付金额的万分之五支付违约金',
  '双方因履行本合同发生争议的，提交合同签订地人民法院诉讼解决',
  '卖方保证所供货物不存在任何权利瑕疵，且未设定质押',
  '融资利率以中国人民银行公布的贷款市场报价利率为基础加点确定',
  '债务人确认上述债权真实有效，不主张抵销或扣减',
  '货物运输途中的毁损灭失风险自交付承运人时转移',
  '买方应在发票开具后六十日内以银行转账方式付清全部货款',
  '未经另一方书面同意，任何一方不得将合同义务转让给第三人',
  '检验结果显示本批产品的抗拉强度与尺寸公差均符合国家标准',
  '供应商近三年无重大行政处罚记录，纳税信用等级为甲级',
  '保理商有权就应收账款余额向债务人直接催收',
  '因自然灾害等不可抗力导致不能履行的，受影响一方应及时通知对方',
  '经核对，截至本函出具日双方往来余额一致',
  '仓库出库记录与物流轨迹相符，签收人身份已核实',
  '授信额度可循环使用，单笔期限不超过一百八十天',
  '客户现场走访显示生产线运转正常，库存周转加快',
]

/** @param sequence which document of the seed; each can be made alone. */
export function sampleOf(seed: number, sequence: number): Sample {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(sequence + 1, 0x85ebca6b))
  const pick = (words: string | readonly string[]): string => {
    const list = typeof words === 'string' ? words.split(' ') : words
    return list[Math.floor(random() * list.length)] ?? ''
  }
  const digits = (count: number): string =>
    Array.from({ length: count }, () => Math.floor(random() * 10)).join('')
  const firm = (): string =>
    `${pick(CITIES)}市${pick(SYLLABLES)}${pick(SYLLABLES)}${pick(TRADES)}有限公司`
  const person = (): string => pick(SURNAMES) + pick(GIVEN)
  const amount = (): string =>
    `${(random() * 9_000_000).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}元`
  const day = (): string =>
    `20${22 + Math.floor(random() * 5)}年${1 + Math.floor(random() * 12)}月${1 + Math.floor(random() * 28)}日`
  const kind = pick(KINDS)
  const number = `HT-${digits(4)}-${digits(6)}`
  const clauses = Array.from({ length: 3 + Math.floor(random() * 5) }, () => pick(CLAUSES))
  const text = [
    `${kind}　编号：${number}`,
    `甲方：${firm()}，法定代表人${person()}；乙方：${firm()}，经办人${person()}。`,
    `货物为${pick(GOODS)}和${pick(GOODS)}，数量${digits(3)}件，发票号码${digits(20)}，价税合计${amount()}，到期日${day()}。`,
    ...clauses.map((clause, at) => `${at + 1}、${clause}。`),
    `经办：${person()}，${day()}`,
  ].join('\n')
  return {
    name: `${kind}${number}.txt`,
    member: `member-${Math.floor(random() * 40)}`,
    atMs: Date.UTC(2024, 0, 1) + Math.floor(random() * 1_000) * 86_400_000,
    text,
  }
}
