/** The simulator's own words; it is no part of the product, and speaks for PayPal. */
export interface ApprovalWords {
  lang: string;
  title: string;
  banner: string;
  heading: string;
  payTo: string;
  signedInAs: string;
  pay: string;
  decline: string;
  cancel: string;
  declineHint: string;
  back: string;
  notices: Record<'declined' | 'approved' | 'paid' | 'expired' | 'unknown' | 'done', { title: string; text: string }>;
}

const en: ApprovalWords = {
  lang: 'en',
  title: 'PayPal simulator',
  banner: 'This is the PayPal simulator. No real money moves.',
  heading: 'Confirm your payment',
  payTo: 'Pay to',
  signedInAs: 'Paying as',
  pay: 'Pay',
  decline: 'Decline',
  cancel: 'Cancel',
  declineHint: 'Decline approves with a card that the bank refuses. Cancel goes back to the shop without paying.',
  back: 'Back to the shop',
  notices: {
    declined: { title: 'The card was declined', text: 'No money moved. Choose again.' },
    approved: { title: 'Already approved', text: 'This payment waits for the shop to collect it.' },
    paid: { title: 'Already paid', text: 'This payment went through. There is nothing left to do.' },
    expired: { title: 'This payment has expired', text: 'No money moved. Start again at the shop.' },
    unknown: { title: 'No such payment', text: 'The link is wrong or belongs to another installation.' },
    done: { title: 'Done', text: 'You can close this page.' },
  },
};

const zhCN: ApprovalWords = {
  lang: 'zh-CN',
  title: 'PayPal 模拟器',
  banner: '这是 PayPal 模拟器，不会产生真实扣款。',
  heading: '确认付款',
  payTo: '收款方',
  signedInAs: '付款账户',
  pay: '付款',
  decline: '拒付',
  cancel: '取消',
  declineHint: '“拒付”会用一张被银行拒绝的卡确认付款；“取消”不付款，直接返回商家。',
  back: '返回商家',
  notices: {
    declined: { title: '银行卡被拒绝', text: '没有扣款，请重新选择。' },
    approved: { title: '已确认', text: '这笔付款正在等待商家收取。' },
    paid: { title: '已付款', text: '这笔付款已完成，无需再操作。' },
    expired: { title: '付款已过期', text: '没有扣款，请回到商家重新下单。' },
    unknown: { title: '找不到这笔付款', text: '链接有误，或属于另一个安装。' },
    done: { title: '已完成', text: '您可以关闭此页面。' },
  },
};

/** By the locale that the shop named when it made the order. */
export function wordsFor(locale: string | undefined): ApprovalWords {
  return locale?.startsWith('zh') === true ? zhCN : en;
}
