import { useTranslation } from 'adminjs';
import { formatNumber } from './format.ts';

interface PagerProps {
  page: number;
  perPage: number;
  total: number;
  go: (page: number) => void;
}

/** Which rows these are, and the pages beside them. */
export function Pager({ page, perPage, total, go }: PagerProps) {
  const { t, i18n } = useTranslation();
  const pages = Math.ceil(total / perPage);
  if (total === 0 || (pages <= 1 && page === 1)) return null;
  const number = (value: number) => formatNumber(value, i18n.language);
  const from = (page - 1) * perPage + 1;
  const to = Math.min(page * perPage, total);
  return (
    <nav className="p-pager" aria-label={t('panel.pages')}>
      <button
        type="button"
        className="p-button p-quiet p-small"
        disabled={page <= 1}
        onClick={() => {
          go(page - 1);
        }}
      >
        {t('panel.newer')}
      </button>
      <span>{t('panel.range', { from: number(from), to: number(to), of: number(total) })}</span>
      <button
        type="button"
        className="p-button p-quiet p-small"
        disabled={page >= pages}
        onClick={() => {
          go(page + 1);
        }}
      >
        {t('panel.older')}
      </button>
    </nav>
  );
}
