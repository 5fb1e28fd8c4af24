/** What is seen of a business or a field at work: meters, waybills, shops, harvests. */
import type { Definition } from '../definition.ts'
import { sources } from '../kinds/index.ts'
import { atLeast, featuresOf, isText, ratiosOf, words } from './family.ts'

const { landSeason, shipment, shopMonth, socialMonth, utilityBill } = sources
const LONG = [90, 365]

const utilities: readonly Definition[] = [
  ...featuresOf(utilityBill, {
    power_usage: {
      is: 'sum',
      value: 'usageUnits',
      where: [isText('kind', 'POWER')],
      over: LONG,
      words: words('用电量', 'power used'),
      unit: 'UNITS',
      risk: 'LOWER',
    },
    power_trend: {
      is: 'trend',
      value: 'usageUnits',
      where: [isText('kind', 'POWER')],
      over: [90, 180],
      words: words('用电环比', 'change of power used against the period before'),
      unit: 'PPM',
      risk: 'LOWER',
    },
    utility_billed: {
      is: 'sum',
      value: 'billFen',
      over: LONG,
      words: words('水电气账单', 'billed by utilities'),
      unit: 'FEN',
    },
    utility_late_mean: {
      is: 'mean',
      value: 'paidLateDays',
      over: LONG,
      words: words('水电气平均迟缴天数', 'mean days bills were paid behind the due day'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
    utility_late_max: {
      is: 'max',
      value: 'paidLateDays',
      over: [365],
      words: words('水电气最长迟缴天数', 'longest days a bill was paid behind the due day'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
    utility_late_count: {
      is: 'count',
      where: [atLeast('paidLateDays', 1)],
      over: [365],
      words: words('水电气迟缴次数', 'bills paid late'),
      unit: 'COUNT',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    utility_unpaid: {
      is: 'sum',
      value: 'billFen',
      where: [{ past: 'dueUs' }, { missing: 'paidUs' }],
      words: words('水电气欠费', 'bills due and not paid'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...ratiosOf('utilities', {
    utility_unpaid_to_billed: {
      of: 'utility_unpaid',
      to: 'utility_billed_365d',
      words: words('欠费占年账单比', 'bills not paid to those of a year'),
      risk: 'HIGHER',
    },
  }),
]

const logistics: readonly Definition[] = [
  ...featuresOf(shipment, {
    ship_count: {
      is: 'count',
      over: LONG,
      words: words('发货票数', 'shipments'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ship_value: {
      is: 'sum',
      value: 'declaredFen',
      over: LONG,
      words: words('发货声明价值', 'declared value shipped'),
      unit: 'FEN',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ship_weight: {
      is: 'sum',
      value: 'weightKg',
      over: LONG,
      words: words('发货重量', 'weight shipped'),
      unit: 'KG',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ship_returned: {
      is: 'sum',
      value: 'declaredFen',
      where: [isText('status', 'RETURNED')],
      over: LONG,
      words: words('退货价值', 'value returned'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    ship_places: {
      is: 'distinct',
      text: 'place',
      over: [365],
      words: words('收货地数量', 'different destinations'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ship_trend: {
      is: 'trend',
      value: 'declaredFen',
      over: [90],
      words: words('发货环比', 'change of value shipped against the period before'),
      unit: 'PPM',
      risk: 'LOWER',
    },
    ship_since: {
      is: 'daysSinceLast',
      words: words('距最近发货天数', 'days since the last shipment moved'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
  }),
  ...ratiosOf('logistics', {
    ship_returned_to_value: {
      of: 'ship_returned',
      to: 'ship_value',
      over: LONG,
      words: words('退货率', 'returned to shipped'),
      risk: 'HIGHER',
    },
  }),
]

const shops: readonly Definition[] = [
  ...featuresOf(shopMonth, {
    shop_sales: {
      is: 'sum',
      value: 'salesFen',
      over: LONG,
      words: words('网店成交额', 'sales of its shops'),
      unit: 'FEN',
      risk: 'LOWER',
    },
    shop_refunds: {
      is: 'sum',
      value: 'refundsFen',
      over: LONG,
      words: words('网店退款额', 'refunds of its shops'),
      unit: 'FEN',
      risk: 'HIGHER',
    },
    shop_orders: {
      is: 'sum',
      value: 'orders',
      over: LONG,
      words: words('网店订单数', 'orders of its shops'),
      unit: 'COUNT',
      risk: 'LOWER',
    },
    shop_rating: {
      is: 'last',
      value: 'ratingPpm',
      words: words('网店好评率', 'share of good ratings'),
      unit: 'PPM',
      risk: 'LOWER',
    },
    shop_late: {
      is: 'mean',
      value: 'lateShipmentsPpm',
      over: LONG,
      words: words('网店延迟发货率', 'share shipped late'),
      unit: 'PPM',
      risk: 'HIGHER',
    },
    shop_trend: {
      is: 'trend',
      value: 'salesFen',
      over: [90, 180],
      words: words('网店销售环比', 'change of shop sales against the period before'),
      unit: 'PPM',
      risk: 'LOWER',
    },
  }),
  ...ratiosOf('ecommerce', {
    shop_refunds_to_sales: {
      of: 'shop_refunds',
      to: 'shop_sales',
      over: LONG,
      words: words('网店退款率', 'refunds to sales'),
      risk: 'HIGHER',
    },
  }),
]

/** Of persons who have opted in; nothing may depend on it. */
const social: readonly Definition[] = featuresOf(socialMonth, {
  social_account_age: {
    is: 'last',
    value: 'accountDays',
    words: words('社交账号年龄', 'age of the social account'),
    unit: 'DAYS',
    risk: 'LOWER',
  },
  social_contacts: {
    is: 'last',
    value: 'contacts',
    words: words('联系人数', 'contacts'),
    unit: 'COUNT',
  },
  social_active: {
    is: 'mean',
    value: 'activeDays',
    over: [90],
    words: words('月活跃天数', 'active days in a month'),
    unit: 'DAYS',
  },
  social_night: {
    is: 'mean',
    value: 'nightPpm',
    over: [90],
    words: words('夜间活跃占比', 'share of activity at night'),
    unit: 'PPM',
  },
  social_merchants: {
    is: 'sum',
    value: 'merchantMessages',
    over: [90],
    words: words('与商户往来消息数', 'messages with merchants'),
    unit: 'COUNT',
    risk: 'LOWER',
  },
})

const HARVESTED = isText('stage', 'HARVESTED')

const land: readonly Definition[] = [
  ...featuresOf(landSeason, {
    land_area: {
      is: 'sum',
      value: 'areaSqm',
      over: [365],
      words: words('种植面积', 'area under crops'),
      unit: 'SQM',
      risk: 'LOWER',
    },
    land_plots: {
      is: 'distinct',
      text: 'plot',
      over: [365],
      words: words('地块数量', 'different plots'),
      unit: 'COUNT',
    },
    land_crops: {
      is: 'distinct',
      text: 'crop',
      over: [730],
      words: words('作物种类数', 'different crops'),
      unit: 'COUNT',
      risk: 'LOWER',
    },
    land_expected: {
      is: 'sum',
      value: 'expectedKg',
      where: [HARVESTED],
      over: [365, 730],
      words: words('已收获地块预计产量', 'yield expected of what was harvested'),
      unit: 'KG',
    },
    land_harvested: {
      is: 'sum',
      value: 'harvestedKg',
      where: [HARVESTED],
      over: [365, 730],
      words: words('实际产量', 'harvested'),
      unit: 'KG',
      risk: 'LOWER',
    },
    land_failed: {
      is: 'count',
      where: [isText('stage', 'FAILED')],
      over: [730],
      words: words('绝收次数', 'harvests that failed'),
      unit: 'COUNT',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    land_inputs: {
      is: 'sum',
      value: 'inputsFen',
      over: [365],
      words: words('农资投入', 'seed, fertiliser and other inputs'),
      unit: 'FEN',
    },
    land_insured: {
      is: 'min',
      value: 'insured',
      over: [365],
      words: words('全部投保', 'every crop is insured'),
      unit: 'COUNT',
      risk: 'LOWER',
    },
  }),
  ...ratiosOf('land_production', {
    land_yield: {
      of: 'land_harvested',
      to: 'land_expected',
      over: [365, 730],
      words: words('产量达成率', 'harvested to expected'),
      risk: 'LOWER',
    },
  }),
]

export const operations: readonly Definition[] = [
  ...utilities,
  ...logistics,
  ...shops,
  ...social,
  ...land,
]
