import { useTranslation, type RecordJSON } from 'adminjs';
import { Link } from 'react-router-dom';
import type { OrderRefunds as Given } from '../order-refunds.ts';
import { formatMoney, formatNumber } from './format.ts';
import { State, Time } from './value.tsx';

/** What was given back of an order, in one or several parts, and what is left. Nothing where nothing was. */
export function OrderRefunds({ record }: { record: RecordJSON }) {
  const { t, tl, i18n } = useTranslation();
  const given = JSON.parse(String(record.params['refunds'] ?? 'null')) as Given | null;
  if (given === null || given.refunds.length === 0) return null;
  const money = (amountMinor: number) => formatMoney(amountMinor, given.currency, i18n.language);
  return (
    <section className="p-given">
      <h2>
        {t('panel.refunds.title')} <small>{t('panel.refunds.left', { amount: money(given.leftMinor) })}</small>
      </h2>
      <table className="p-table">
        <tbody>
          {given.refunds.map((refund) => (
            <tr key={refund.id}>
              <td>
                <Link className="p-link" to={`/admin/resources/refunds/records/${refund.id}/show`}>
                  <Time iso={refund.createdAt} />
                </Link>
              </td>
              <td>
                <State value={refund.status} label={tl(`status.${refund.status}`, 'refunds')} />
              </td>
              <td className="p-number">{money(refund.amountMinor)}</td>
              <td>
                {refund.creditsClawedBack > 0 &&
                  t('panel.refunds.credits', { credits: formatNumber(refund.creditsClawedBack, i18n.language) })}
              </td>
              <td>
                {refund.reason} <small>{refund.by ?? t('panel.refunds.byItself')}</small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
