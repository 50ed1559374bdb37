import express, { type Router } from 'express';
import type { User } from '../accounts/users.ts';
import { providerOf, type Services } from '../billing/services.ts';
import { NotFound } from '../kit/errors.ts';
import { accountLines } from '../kit/format.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import type { Locale, Translate } from '../kit/i18n.ts';
import { getOrderOf, type Order } from '../orders/orders.ts';
import { currentPayment, type Payment } from '../payments/payments.ts';
import type { ProviderTransfer } from '../payments/provider.ts';
import type { FactRow } from './checkout-model.ts';
import { outcomeModel, outcomeOfOrder } from './checkout-outcome.ts';
import { itemName } from './order-item.ts';
import { providerNameOf } from './providers.ts';
import { customerOf, requireCustomer } from './sign-in.ts';
import type { ShowPage } from './site.ts';

/** Where customers read what they have to type at their bank, as long as the order waits for it. */
export function transferPage(services: Services, show: ShowPage): Router {
  const router = express.Router();

  router.get('/checkout/transfer/:orderNo', requireCustomer(), async (req, res) => {
    const user = customerOf(res);
    const [locale, t] = [localeOf(res), translatorOf(res)];
    const order = await getOrderOf(user.id, { orderNo: String(req.params.orderNo) });
    const payment = await currentPayment(order.id);
    const transfer = payment === null ? undefined : await transferOf(services, payment);
    if (payment === null || transfer === undefined) throw new NotFound('This order is not paid by bank transfer.');
    if (order.status === 'pending') {
      show(req, res, 'checkout/transfer', transferModel({ order, transfer, user, locale, t }));
      return;
    }
    const outcome = outcomeOfOrder(order, services.clock.now());
    if (order.paidAt !== null && outcome !== 'returned') {
      res.redirect(303, `/account/orders/${order.orderNo}`);
      return;
    }
    const providerName = providerNameOf(services, payment.provider, locale);
    const here = req.originalUrl;
    show(req, res, 'checkout/outcome', outcomeModel({ outcome, order, payment, providerName, user, here, locale, t }));
  });

  return router;
}

async function transferOf(services: Services, payment: Payment): Promise<ProviderTransfer | undefined> {
  const { provider, providerOrderId } = payment;
  if (providerOrderId === null || !services.providers.has(provider)) return undefined;
  return (await providerOf(services, provider).fetchOrder(providerOrderId)).transfer;
}

interface TransferInput {
  order: Order;
  transfer: ProviderTransfer;
  user: User;
  locale: Locale;
  t: Translate;
}

function transferModel({ order, transfer, user, locale, t }: TransferInput) {
  const { orderNo, amountMinor, currency, expiresAt } = order;
  const total = { amountMinor, currency };
  const values = { item: itemName(order, locale, t), total, until: expiresAt, email: user.email };
  const account: FactRow[] = accountLines(transfer.account).map(({ term, text }) => ({
    term: term ?? t('checkout:transfer.account'),
    text,
    code: true,
  }));
  return {
    title: t('checkout:transfer.title', values),
    heading: t('checkout:transfer.heading', values),
    lead: t('checkout:transfer.lead', values),
    facts: [
      ...account,
      {
        term: t('checkout:transfer.reference'),
        text: transfer.reference,
        code: true,
        more: t('checkout:transfer.reference_only'),
      },
      {
        term: t('checkout:transfer.until'),
        text: t('common:date', { date: expiresAt }),
        more: t('checkout:transfer.late'),
      },
      {
        term: t('checkout:transfer.amount'),
        text: t('common:total', { total }),
        more: t('checkout:transfer.exactly'),
        total: true,
      },
    ] satisfies FactRow[],
    steps: ['send', 'confirm', 'start'].map((step) => t(`checkout:transfer.step.${step}`, values)),
    copy: t('checkout:transfer.copy', values),
    order: { href: `/account/orders/${orderNo}`, label: t('checkout:action.order') },
  };
}
