import express, { type Router } from 'express';
import { z } from 'zod';
import type { Services } from '../billing/services.ts';
import { listTransactions } from '../credits/queries.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { findOrder, getOrderOf, listOrdersOf } from '../orders/orders.ts';
import { paymentsOf } from '../payments/payments.ts';
import { refundsOf } from '../payments/refunds.ts';
import { historyRow } from './account-model.ts';
import { orderRow } from './order-item.ts';
import { orderModel } from './order-model.ts';
import { providerNameOf } from './providers.ts';
import { customerOf } from './sign-in.ts';
import type { ShowPage } from './site.ts';

const pageSize = 25;

/** The past in full: credits and orders. Mounted behind `requireCustomer`. */
export function historyPages(services: Services, show: ShowPage): Router {
  const router = express.Router();

  router.get('/account/credits', async (req, res) => {
    const before = z.coerce.number().int().positive().optional().catch(undefined).parse(req.query.before);
    const entries = await listTransactions(customerOf(res).id, pageSize + 1, before);
    const shown = entries.slice(0, pageSize);
    const t = translatorOf(res);
    show(req, res, 'account/history', {
      title: t('account:history.title'),
      section: 'account',
      history: shown.map((entry) => historyRow(entry, localeOf(res), t)),
      olderHref: entries.length > pageSize ? `/account/credits?before=${shown.at(-1)?.seq ?? ''}` : null,
    });
  });

  router.get('/account/orders', async (req, res) => {
    const before = z.uuid().optional().catch(undefined).parse(req.query.before);
    const orders = await listOrdersOf(customerOf(res).id, pageSize + 1, before);
    const shown = orders.slice(0, pageSize);
    const t = translatorOf(res);
    show(req, res, 'account/orders', {
      title: t('account:orders.title'),
      section: 'account',
      orders: shown.map((order) => orderRow(order, localeOf(res), t)),
      olderHref: orders.length > pageSize ? `/account/orders?before=${shown.at(-1)?.id ?? ''}` : null,
    });
  });

  router.get('/account/orders/:orderNo', async (req, res) => {
    const user = customerOf(res);
    const order = await getOrderOf(user.id, { orderNo: req.params.orderNo });
    const [payments, refunds, first] = await Promise.all([
      paymentsOf([order.id]),
      refundsOf([order.id]),
      order.duplicateOf === null ? null : findOrder(order.duplicateOf),
    ]);
    const locale = localeOf(res);
    const providerName = (name: string) => providerNameOf(services, name, locale);
    const words = { locale, t: translatorOf(res) };
    show(req, res, 'account/order', orderModel({ order, payments, refunds, first, user, providerName, ...words }));
  });

  return router;
}
