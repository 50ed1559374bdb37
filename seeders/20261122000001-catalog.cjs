'use strict';

/**
 * The catalogue that a new shop begins with. Staff change it in the panel; it is put in once and never again.
 * Amounts are minor units: cents, and whole yen. Credits are a month's.
 */
const features = [
  ['standard_images', 'Standard images', '标准画质'],
  ['hd_images', 'HD images', '高清画质'],
  ['commercial_use', 'Commercial use', '可商用'],
  ['priority_queue', 'Priority queue', '优先队列'],
  ['api_access', 'API access', 'API 接入'],
  ['dedicated_support', 'Dedicated support', '专属支持'],
];

const plans = [
  {
    id: '01936000-0000-7000-8000-000000000001',
    code: 'free',
    names: { en: 'Free', 'zh-CN': '免费版' },
    descriptions: { en: 'Try it out, with no card and no end date.', 'zh-CN': '先试试看，无需绑卡，不限时间。' },
    credits: 50,
    included: 1,
    prices: {},
  },
  {
    id: '01936000-0000-7000-8000-000000000002',
    code: 'basic',
    names: { en: 'Basic', 'zh-CN': '基础版' },
    descriptions: { en: 'For regular use at home.', 'zh-CN': '适合个人日常使用。' },
    credits: 500,
    included: 2,
    prices: {
      USD: { monthly: 999, yearly: 9900 },
      EUR: { monthly: 899, yearly: 8900 },
      JPY: { monthly: 1500, yearly: 15000 },
    },
  },
  {
    id: '01936000-0000-7000-8000-000000000003',
    code: 'pro',
    names: { en: 'Pro', 'zh-CN': '专业版' },
    descriptions: { en: 'For people who create for a living.', 'zh-CN': '为专业创作者打造。' },
    credits: 2000,
    included: 4,
    popular: true,
    prices: {
      USD: { monthly: 2999, yearly: 29900 },
      EUR: { monthly: 2799, yearly: 27900 },
      JPY: { monthly: 4500, yearly: 45000 },
    },
  },
  {
    id: '01936000-0000-7000-8000-000000000004',
    code: 'max',
    names: { en: 'Max', 'zh-CN': '旗舰版' },
    descriptions: { en: 'For teams and products built on top.', 'zh-CN': '适合团队，以及在此之上构建的产品。' },
    credits: 10000,
    included: 6,
    prices: {
      USD: { monthly: 9999, yearly: 99900, lifetime: 249900 },
      EUR: { monthly: 9299, yearly: 92900, lifetime: 229900 },
      JPY: { monthly: 15000, yearly: 150000, lifetime: 375000 },
    },
  },
];

/** The part of a price's id that tells its currency. */
const priceBlocks = { USD: '001', EUR: '003', JPY: '004' };

const packs = [
  {
    id: '01936000-0000-7000-8000-000000000201',
    code: 'pack-500',
    names: { en: '500 credits', 'zh-CN': '500 积分' },
    credits: 500,
    amount: 999,
    validityDays: 365,
  },
  {
    id: '01936000-0000-7000-8000-000000000202',
    code: 'pack-2500',
    names: { en: '2,500 credits', 'zh-CN': '2,500 积分' },
    credits: 2500,
    amount: 3999,
    validityDays: null,
  },
];

module.exports = {
  async up(queryInterface) {
    const now = new Date();
    const dated = { created_at: now, updated_at: now };
    await queryInterface.sequelize.transaction(async (transaction) => {
      const insert = (table, rows) => queryInterface.bulkInsert(table, rows, { transaction });
      await insert(
        'plans',
        plans.map((plan, index) => ({ ...toPlan(plan, index), ...dated })),
      );
      await insert(
        'plan_prices',
        plans.flatMap(toPrices).map((price) => ({ ...price, created_at: now })),
      );
      await insert(
        'credit_packs',
        packs.map((pack, index) => ({ ...toPack(pack, index), ...dated })),
      );
    });
  },

  async down(queryInterface) {
    const ids = (rows) => rows.map(({ id }) => id);
    await queryInterface.bulkDelete('credit_packs', { id: ids(packs) });
    await queryInterface.bulkDelete('plan_prices', { plan_id: ids(plans) });
    await queryInterface.bulkDelete('plans', { id: ids(plans) });
  },
};

function toPlan({ id, code, names, descriptions, credits, included, popular = false }, index) {
  const list = features.map(([key, en, zh], place) => ({
    key,
    included: place < included,
    label: { en, 'zh-CN': zh },
  }));
  return {
    id,
    plan_code: code,
    names: JSON.stringify(names),
    descriptions: JSON.stringify(descriptions),
    features: JSON.stringify(list),
    credits_monthly: credits,
    is_popular: popular,
    sort_order: index,
  };
}

function toPrices({ id, prices }, planIndex) {
  return Object.entries(prices).flatMap(([currency, amounts]) =>
    Object.entries(amounts).map(([type, amount], index) => ({
      id: `01936000-0000-7000-8000-0000000${priceBlocks[currency]}${planIndex}${index}`,
      plan_id: id,
      subscription_type: type,
      currency,
      amount_minor: amount,
    })),
  );
}

function toPack({ id, code, names, credits, amount, validityDays }, index) {
  return {
    id,
    pack_code: code,
    names: JSON.stringify(names),
    credits,
    amount_minor: amount,
    currency: 'USD',
    validity_days: validityDays,
    sort_order: index,
  };
}
