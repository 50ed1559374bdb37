import { ApiClient, useTranslation, type RecordJSON } from 'adminjs';
import { useEffect, useState } from 'react';
import { Link } from 'react-router-dom';
import { fromDecimal } from '../../kit/money.ts';
import type { PriceWithHolders } from '../plan-prices.ts';
import { formatMoney, formatNumber } from './format.ts';
import { typed, type Values } from './form-values.ts';

const intervals = ['monthly', 'yearly', 'lifetime'] as const;

/** What a plan costs by interval and currency, who is at each price, and who has stayed at one that is archived. */
export function PlanPrices({ record }: { record: RecordJSON }) {
  const { t, tl } = useTranslation();
  const prices = pricesOf(record);
  const onSale = prices.filter(({ isActive }) => isActive);
  const archived = prices.filter(({ isActive }) => !isActive);
  const currencies = [...new Set(onSale.map(({ currency }) => currency))].sort();
  return (
    <section className="p-given">
      <h2>{t('panel.prices.title')}</h2>
      {onSale.length === 0 && <p className="p-quiet-text">{t('panel.prices.none')}</p>}
      {onSale.length > 0 && (
        <table className="p-table p-price-grid">
          <thead>
            <tr>
              <th scope="col">{t('panel.prices.interval')}</th>
              {currencies.map((currency) => (
                <th key={currency} scope="col">
                  {currency}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {intervals.map((interval) => (
              <tr key={interval}>
                <th scope="row">{tl(`subscriptionType.${interval}`, 'plan_prices')}</th>
                {currencies.map((currency) => (
                  <td key={currency}>
                    <Price
                      price={onSale.find((one) => one.subscriptionType === interval && one.currency === currency)}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {archived.length > 0 && (
        <>
          <h3>{t('panel.prices.stayed')}</h3>
          <ul className="p-price-list">
            {archived.map((price) => (
              <li key={price.id}>
                {tl(`subscriptionType.${price.subscriptionType}`, 'plan_prices')} <Price price={price} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Price({ price }: { price: PriceWithHolders | undefined }) {
  const { t, i18n } = useTranslation();
  if (price === undefined) return <>–</>;
  const { id, amountMinor, currency, holders } = price;
  return (
    <>
      <Link className="p-link" to={`/admin/resources/plan_prices/records/${id}/show`}>
        {formatMoney(amountMinor, currency, i18n.language)}
      </Link>{' '}
      <small className="p-quiet-text">
        {t('panel.prices.holders', { count: holders, shown: formatNumber(holders, i18n.language) })}
      </small>
    </>
  );
}

/** Before a new price is saved: what it takes the place of, and who stays there. */
export function PriceImpact({ values }: { values: Values }) {
  const { t, i18n } = useTranslation();
  const planId = typed(values, 'planId');
  const prices = usePrices(planId);
  if (prices === undefined) return null;
  const [interval, currency] = [typed(values, 'subscriptionType'), typed(values, 'currency').toUpperCase()];
  const replaced = prices.find((one) => one.isActive && one.subscriptionType === interval && one.currency === currency);
  const lines =
    replaced === undefined
      ? [t('panel.prices.addsOffer')]
      : [
          t('panel.prices.replaces', { before: formatMoney(replaced.amountMinor, currency, i18n.language) }),
          t('panel.prices.stay', {
            count: replaced.holders,
            shown: formatNumber(replaced.holders, i18n.language),
          }),
          ...(isSame(typed(values, 'amount'), replaced) ? [t('panel.prices.same')] : []),
        ];
  return (
    <div className="p-effects" role="status" data-testid="impact">
      <h2>{t('panel.prices.impact')}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}

function isSame(amount: string, { amountMinor, currency }: PriceWithHolders): boolean {
  try {
    return fromDecimal(amount.trim(), currency) === amountMinor;
  } catch {
    // What is typed so far is no amount.
    return false;
  }
}

/** The prices of the plan that is chosen; undefined while none is, and while they are not there. */
function usePrices(planId: string): PriceWithHolders[] | undefined {
  const [found, setFound] = useState<{ planId: string; prices: PriceWithHolders[] }>();
  useEffect(() => {
    if (planId === '') return;
    const asked = new ApiClient().recordAction({ resourceId: 'plans', recordId: planId, actionName: 'show' });
    asked.then(
      ({ data }) => {
        setFound({ planId, prices: pricesOf((data as { record: RecordJSON }).record) });
      },
      // The form works without it, and the server refuses a plan that is none.
      () => undefined,
    );
  }, [planId]);
  return found?.planId === planId ? found.prices : undefined;
}

function pricesOf(record: RecordJSON): PriceWithHolders[] {
  return JSON.parse(String(record.params['prices'] ?? '[]')) as PriceWithHolders[];
}
