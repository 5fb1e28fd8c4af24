/**
 * The legal grounds that the sources stand on. Of persons nothing is pulled for a contract's sake: a source that
 * gives us what it knows of a person needs that person's separate consent (PIPL art. 23) whatever we agreed.
 */
import type { ConsentBasis, LegalGround } from '../source.ts'

const read = (zh: string, en: string): LegalGround => ({ zh, en, status: 'V' })
// Not in the statutes at hand: counsel confirms it before anything rests on it.
const told = (zh: string, en: string): LegalGround => ({ zh, en, status: 'S' })

export const PIPL_CONSENT = read(
  '个人信息保护法第十三条第一款第(一)项:取得个人的同意',
  'PIPL art. 13(1)(1): consent of the individual',
)
export const PIPL_PUBLIC = read(
  '个人信息保护法第十三条第一款第(六)项:在合理的范围内处理已经合法公开的个人信息',
  'PIPL art. 13(1)(6): lawfully disclosed information, within reason',
)
export const PIPL_WITHDRAWAL = read(
  '个人信息保护法第十五条:个人有权撤回其同意',
  'PIPL art. 15: consent may be withdrawn',
)
export const PIPL_SEPARATE = read(
  '个人信息保护法第二十三条:向其他处理者提供个人信息应取得单独同意',
  'PIPL art. 23: separate consent before another handler receives it',
)
export const PIPL_SENSITIVE = read(
  '个人信息保护法第二十九条:处理敏感个人信息应当取得单独同意',
  'PIPL art. 29: separate consent for sensitive information',
)
export const CREDIT_QUERY = read(
  '征信业管理条例第十八条:查询个人信息应当取得信息主体本人的书面同意并约定用途',
  'Credit Reporting Regulation art. 18: written consent and an agreed purpose',
)
export const CREDIT_DATABASE = read(
  '征信业管理条例第二十八条:向取得信息主体本人书面同意的信息使用者提供查询服务',
  'Credit Reporting Regulation art. 28: the database answers users with written consent',
)
export const CREDIT_ENTERPRISE = read(
  '征信业管理条例第二十一条:可以通过依法公开的信息等渠道采集企业信息',
  'Credit Reporting Regulation art. 21: information on enterprises from public channels',
)
export const MEMBERSHIP = told(
  '入网协议中的数据授权条款(民法典第五百零九条:按照约定全面履行义务)',
  'The data clause of the membership agreement (Civil Code art. 509: contracts are performed)',
)
export const TAX_SECRECY = told(
  '税收征收管理法第八条:税务机关为纳税人保密,故须纳税人授权(银税互动)',
  'Tax Collection Law art. 8: tax secrecy, hence the taxpayer authorises the query',
)
export const REGISTRY_PUBLICITY = told(
  '企业信息公示暂行条例第六条:登记机关公示企业信息',
  'Enterprise Publicity Regulation art. 6: the registrar publishes',
)
export const COURT_PUBLICITY = told(
  '最高人民法院关于公布失信被执行人名单信息的若干规定',
  'Supreme Court provisions on publishing dishonest judgment debtors',
)
export const PIPL_NO_PRESSURE = read(
  '个人信息保护法第十六条:不得以个人不同意为由拒绝提供产品或者服务',
  'PIPL art. 16: no refusal of service for want of consent',
)

export const CONTRACT: ConsentBasis = { kind: 'CONTRACT', grounds: [MEMBERSHIP] }
export const TAXPAYER_CONTRACT: ConsentBasis = {
  kind: 'CONTRACT',
  grounds: [MEMBERSHIP, TAX_SECRECY],
}
export const PERSON_CONSENT: ConsentBasis = {
  kind: 'SEPARATE_CONSENT',
  grounds: [PIPL_CONSENT, PIPL_SEPARATE, PIPL_WITHDRAWAL],
}
/** Financial accounts are sensitive (PIPL art. 28). */
export const ACCOUNT_CONSENT: ConsentBasis = {
  kind: 'SEPARATE_CONSENT',
  grounds: [PIPL_CONSENT, PIPL_SEPARATE, PIPL_SENSITIVE],
}
