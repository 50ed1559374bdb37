import { useQueryParams, useTranslation } from 'adminjs';
import type { ListMeta } from '../list-page.ts';
import { formatNumber, formatRoughly } from './format.ts';

/** How many rows there are, and the pages beside this one. A page is named by its first or last row, not by a number. */
export function Pager({ meta }: { meta: ListMeta }) {
  const { t, i18n } = useTranslation();
  const { storeParams } = useQueryParams();
  const { total, isExact, before, after } = meta;
  if (total === 0 && before === undefined && after === undefined) return null;
  const shown = isExact ? formatNumber(total, i18n.language) : formatRoughly(total, i18n.language);
  const to = (place: Record<string, string>) => () => {
    storeParams(place);
  };
  const pages = [
    { name: 'first', go: to({}), isThere: before !== undefined },
    { name: 'newer', go: to({ before: before ?? '' }), isThere: before !== undefined },
    { name: 'older', go: to({ after: after ?? '' }), isThere: after !== undefined },
    { name: 'last', go: to({ place: 'end' }), isThere: after !== undefined },
  ];
  const button = ({ name, go, isThere }: (typeof pages)[number]) => (
    <button key={name} type="button" className="p-button p-quiet p-small" disabled={!isThere} onClick={go}>
      {t(`panel.lists.${name}`)}
    </button>
  );
  return (
    <nav className="p-pager" aria-label={t('panel.pages')}>
      <span>{t(isExact ? 'panel.lists.rows' : 'panel.lists.about', { count: total, shown })}</span>
      {(before !== undefined || after !== undefined) && pages.map(button)}
    </nav>
  );
}
