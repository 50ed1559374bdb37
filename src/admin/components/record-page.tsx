import { useTranslation, type ActionProps, type RecordJSON } from 'adminjs';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { PanelField } from './value.tsx';
import type { Related } from '../resources/spec.ts';
import { Changes } from './changes.tsx';
import { IncidentCase } from './incident-case.tsx';
import { OrderRefunds } from './order-refunds.tsx';
import { PlanPrices } from './plan-prices.tsx';
import { UserStory } from './user-story.tsx';

const wide = ['json', 'features', 'prices', 'localized', 'longText'];

/** A row as a sheet: labels left, values right, two columns where there is room. */
export function DefaultShowAction({ action, resource, record: first }: ActionProps) {
  const { tp } = useTranslation();
  // What is done on this page itself shows on it at once.
  const [changed, setChanged] = useState<RecordJSON>();
  const record = changed !== undefined && changed.id === first?.id ? changed : first;
  if (record === undefined) return null;
  return (
    <>
      {resource.id === 'users' && <UserStory record={record} />}
      {resource.id === 'incidents' && <IncidentCase record={record} changed={setChanged} />}
      {resource.id === 'orders' && <OrderRefunds record={record} />}
      {resource.id === 'plans' && <PlanPrices record={record} />}
      <RelatedLinks related={action.custom['related'] as Related[]} id={record.id} />
      {resource.id === 'audit_log' && <Changes record={record} />}
      <dl className="p-sheet">
        {resource.showProperties.filter(isInSheet).map((property) => (
          <div key={property.propertyPath} className={wide.includes(String(property.custom['kind'])) ? 'p-wide' : ''}>
            <dt>{tp(property.label, resource.id)}</dt>
            <dd data-property={property.propertyPath}>
              <PanelField property={{ ...property, path: property.propertyPath }} record={record} resource={resource} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** What stands in the comparison of an audit entry need not stand here too. */
function isInSheet({ name, resourceId }: { name: string; resourceId: string }): boolean {
  return resourceId !== 'audit_log' || !['before', 'after'].includes(name);
}

/** Lists of the rows that are about this one. */
function RelatedLinks({ related, id }: { related: readonly Related[]; id: string }) {
  const { t, tl } = useTranslation();
  if (related.length === 0) return null;
  return (
    <nav className="p-related" aria-label={t('panel.related')}>
      <span>{t('panel.related')}</span>
      {related.map(({ to, by }) => (
        <Link key={to} to={`/admin/resources/${to}?filters.${by}=${id}`}>
          {tl(to)}
        </Link>
      ))}
    </nav>
  );
}
