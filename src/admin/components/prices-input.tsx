import { useTranslation } from 'adminjs';
import type { PriceRow } from './form-values.ts';

interface PricesInputProps {
  rows: PriceRow[];
  set: (rows: PriceRow[]) => void;
}

/** A plan's price list: what a client sends as the feature, and the credits that one unit of it costs. */
export function PricesInput({ rows, set }: PricesInputProps) {
  const { t } = useTranslation();
  const change = (index: number, changed: Partial<PriceRow>) => {
    set(rows.map((before, at) => (at === index ? { ...before, ...changed } : before)));
  };
  return (
    <div>
      {rows.map(({ feature, credits }, index) => (
        <div key={index} className="p-price-row">
          <input
            aria-label={t('panel.form.priceFeature')}
            placeholder="image_hd"
            required
            maxLength={100}
            autoComplete="off"
            value={feature}
            onChange={(event) => {
              change(index, { feature: event.target.value });
            }}
          />
          <input
            aria-label={t('panel.form.priceCredits')}
            className="p-right"
            inputMode="numeric"
            pattern="[0-9]*"
            placeholder="4"
            required
            value={credits}
            onChange={(event) => {
              change(index, { credits: event.target.value });
            }}
          />
          <span className="p-unit">{t('panel.form.creditsEach')}</span>
          <button
            type="button"
            className="p-x"
            aria-label={`${t('panel.form.removeFeature')} ${feature}`}
            onClick={() => {
              set(rows.filter((_, at) => at !== index));
            }}
          >
            ×
          </button>
        </div>
      ))}
      <button
        type="button"
        className="p-button p-quiet p-small"
        onClick={() => {
          set([...rows, { feature: '', credits: '' }]);
        }}
      >
        {t('panel.form.addPrice')}
      </button>
    </div>
  );
}
