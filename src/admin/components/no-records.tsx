import { useQueryParams, useTranslation } from 'adminjs';

/** An empty list says why: nothing is there yet, or the filter lets nothing through. */
export function NoRecords() {
  const { t } = useTranslation();
  const { filters } = useQueryParams<object, Record<string, string> | undefined>();
  const isFiltered = Object.keys(filters ?? {}).length > 0;
  return <p className="p-empty">{t(isFiltered ? 'panel.noMatch' : 'panel.empty')}</p>;
}
