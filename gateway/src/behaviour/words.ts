/** What a user is told before anything is kept of how the portals are used (PIPL, articles 7, 17 and 47). */

/** Raised with every change of what is kept, why, or for how long: a choice names the notice that it followed. */
export const NOTICE_VERSION = 1
export const RETENTION_MONTHS = 6

export const NOTICE = {
  zh: {
    purpose:
      '改进本门户：了解哪些页面和按钮被使用、用时多久、出现了哪些错误。不用于绩效考核，也不用于授信。',
    kept: '页面名称、停留时间、按钮名称、错误代码、界面语言、窗口大小等级；您的用户编号和会话的散列值。不记录您输入的任何文字、单据编号或金额。',
    shownTo: '本组织的运营人员，只以汇总形式展示；反馈的文字不附姓名。',
    retention: `保存 ${RETENTION_MONTHS} 个月。`,
    rights: '您可以随时选择不被记录，也可以要求删除。',
  },
  en: {
    purpose:
      'To better these portals: which pages and buttons are used, how long it takes, which errors are shown. Not for judging anybody’s work, and not for credit.',
    kept: 'Names of pages, time on them, names of buttons, codes of errors, language, class of window size; your user number and a hash of your session. Nothing that you type, no number of a document, no amount.',
    shownTo:
      'Operators of this organisation, in sums only; the text of a feedback is shown without a name.',
    retention: `Kept for ${RETENTION_MONTHS} months.`,
    rights: 'You can choose at any time not to be recorded, and ask for deletion.',
  },
} as const
