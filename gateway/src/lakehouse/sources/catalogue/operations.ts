/** Sources that see a business, a person or a field at work. */
import { address, count, day, fen, flag, freeText, instant, maybe, month, name } from '../fields.ts'
import { oneOf, phone, ppm, reference, words } from '../fields.ts'
import { source } from '../source.ts'
import {
  CONTRACT,
  PERSON_CONSENT,
  PIPL_CONSENT,
  PIPL_NO_PRESSURE,
  PIPL_SEPARATE,
  PIPL_WITHDRAWAL,
} from './grounds.ts'

export const utilities = source({
  name: 'utilities',
  words: { zh: '水电气', en: 'Utilities' },
  fields: {
    meter: reference('户号', 'meter'),
    kind: oneOf('种类', 'kind', ['POWER', 'WATER', 'GAS']),
    period: month('账期', 'period'),
    statusOn: day('状态日期', 'billed or paid on'),
    usageUnits: count('用量', 'usage in kWh or cubic metres'),
    billFen: fen('账单金额', 'bill'),
    dueOn: day('缴费期限', 'due on'),
    paidOn: maybe(day('缴费日期', 'paid on')),
    address: address('用户地址', 'address of the meter'),
  },
  eventField: 'statusOn',
  freshDays: 45,
  consent: { MEMBER: CONTRACT, PERSON: PERSON_CONSENT },
  retention: 'OPERATIONAL',
})

export const logistics = source({
  name: 'logistics',
  words: { zh: '物流运单', en: 'Logistics' },
  fields: {
    waybill: reference('运单号', 'waybill'),
    documentNumber: maybe(reference('对应发票号', 'invoice that it belongs to')),
    status: oneOf('状态', 'state', ['SHIPPED', 'DELIVERED', 'RETURNED']),
    statusAt: instant('状态时间', 'in this state since'),
    fromPlace: address('发货地', 'from'),
    toPlace: address('收货地', 'to'),
    receiverName: maybe(name('收货人', 'receiver')),
    receiverPhone: maybe(phone('收货电话', 'phone of the receiver')),
    weightKg: count('重量千克', 'weight in kg'),
    declaredFen: fen('声明价值', 'declared value'),
  },
  eventField: 'statusAt',
  freshDays: 7,
  consent: { MEMBER: CONTRACT },
  retention: 'OPERATIONAL',
})

export const ecommerce = source({
  name: 'ecommerce',
  words: { zh: '电商平台', en: 'E-commerce platform' },
  fields: {
    shop: reference('店铺编号', 'shop'),
    period: month('统计月份', 'period'),
    statedOn: day('统计日期', 'stated on'),
    orders: count('订单数', 'orders'),
    salesFen: fen('成交额', 'sales'),
    refundsFen: fen('退款额', 'refunds'),
    buyers: count('买家数', 'buyers'),
    ratingPpm: ppm('好评率', 'share of good ratings'),
    lateShipmentsPpm: ppm('延迟发货率', 'share shipped late'),
  },
  eventField: 'statedOn',
  freshDays: 45,
  consent: { MEMBER: CONTRACT, PERSON: PERSON_CONSENT },
  retention: 'OPERATIONAL',
})

export const socialBehaviour = source({
  name: 'social_behaviour',
  words: { zh: '社交行为(自愿授权)', en: 'Social behaviour (opt-in only)' },
  fields: {
    period: month('统计月份', 'period'),
    observedOn: day('统计日期', 'observed on'),
    accountDays: count('账号年龄天数', 'age of the account in days'),
    contacts: count('联系人数', 'contacts'),
    activeDays: count('活跃天数', 'active days'),
    nightPpm: ppm('夜间活跃占比', 'share of activity at night'),
    merchantMessages: count('商户往来消息数', 'messages with merchants'),
    phone: maybe(phone('绑定手机', 'phone of the account')),
    note: maybe(freeText('自述', 'in own words')),
  },
  eventField: 'observedOn',
  freshDays: 45,
  consent: {
    PERSON: {
      kind: 'OPT_IN',
      grounds: [PIPL_CONSENT, PIPL_WITHDRAWAL, PIPL_SEPARATE, PIPL_NO_PRESSURE],
    },
  },
  retention: 'PERSONAL_OPT_IN',
})

export const landProduction = source({
  name: 'land_production',
  words: { zh: '土地与生产周期', en: 'Land and production cycle' },
  fields: {
    plot: reference('地块编号', 'plot'),
    season: reference('种植季', 'season'),
    crop: words('作物', 'crop'),
    areaSqm: count('面积平方米', 'area in square metres'),
    tenure: oneOf('权属', 'tenure', ['CONTRACTED', 'LEASED']),
    stage: oneOf('生产阶段', 'stage', ['SOWN', 'GROWING', 'HARVESTED', 'FAILED']),
    stageOn: day('阶段日期', 'in this stage since'),
    expectedKg: count('预计产量千克', 'expected yield in kg'),
    harvestedKg: maybe(count('实际产量千克', 'harvested in kg')),
    inputsFen: fen('农资投入', 'seed, fertiliser and other inputs'),
    insured: flag('是否投保', 'insured'),
    place: address('地块位置', 'place'),
  },
  eventField: 'stageOn',
  freshDays: 120,
  consent: { PERSON: PERSON_CONSENT },
  retention: 'OPERATIONAL',
})
