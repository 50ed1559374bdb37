import { useTranslation, type ActionProps } from 'adminjs';
import { Link } from 'react-router-dom';
import { PanelField } from './value.tsx';
import type { Related } from '../resources/spec.ts';
import { OrderRefunds } from './order-refunds.tsx';
import { PlanPrices } from './plan-prices.tsx';
import { UserStory } from './user-story.tsx';

const wide = ['json', 'features', 'prices', 'localized', 'longText'];

/** A row as a sheet: labels left, values right, two columns where there is room. */
export function DefaultShowAction({ action, resource, record }: ActionProps) {
  const { tp } = useTranslation();
  if (record === undefined) return null;
  return (
    <>
      {resource.id === 'users' && <UserStory record={record} />}
      {resource.id === 'orders' && <OrderRefunds record={record} />}
      {resource.id === 'plans' && <PlanPrices record={record} />}
      <RelatedLinks related={action.custom['related'] as Related[]} id={record.id} />
      <dl className="p-sheet">
        {resource.showProperties.map((property) => (
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
