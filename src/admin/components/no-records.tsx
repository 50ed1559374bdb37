import { ActionButton, useTranslation, type ResourceJSON } from 'adminjs';
import { useLocation } from 'react-router-dom';

/** An empty list says why: nothing is there yet, or the filter lets nothing through. */
export function NoRecords({ resource }: { resource: ResourceJSON }) {
  const { t, ta } = useTranslation();
  const isFiltered = new URLSearchParams(useLocation().search).toString().includes('filters');
  const create = resource.resourceActions.find(({ name }) => name === 'new');
  return (
    <div className="p-empty">
      <p>{t(isFiltered ? 'panel.noMatch' : 'panel.empty')}</p>
      {!isFiltered && create !== undefined && (
        <ActionButton action={create} resourceId={resource.id}>
          <span className="p-button">{ta(create.label, resource.id)}</span>
        </ActionButton>
      )}
    </div>
  );
}
