import {
  ViewHelpers,
  useQueryParams,
  useTranslation,
  type ActionProps,
  type BasePropertyJSON,
  type RecordJSON,
  type ResourceJSON,
} from 'adminjs';
import { useEffect } from 'react';
import { Link, useNavigate } from 'react-router-dom';
import { Filters } from './filters.tsx';
import { formatNumber, formatRoughly } from './format.ts';
import { IncidentTabs } from './incident-tabs.tsx';
import { NoRecords } from './no-records.tsx';
import { Pager } from './pager.tsx';
import { Problem } from './send.tsx';
import { useList } from './use-list.ts';
import { PanelCell, isNumeric } from './value.tsx';

/** A page of rows: filter above, order in the heads, a click opens the row. */
export function DefaultListAction({ resource, setTag }: ActionProps) {
  const { t, i18n } = useTranslation();
  const { records, meta, loading, problem } = useList(resource.id);
  const { total, isExact = true } = meta ?? {};
  useEffect(() => {
    if (total === undefined) return;
    setTag?.(isExact ? formatNumber(total, i18n.language) : formatRoughly(total, i18n.language));
  }, [total, isExact, setTag, i18n.language]);
  const isEmpty = records.length === 0;
  return (
    <div className="p-list" aria-busy={loading}>
      {resource.id === 'incidents' && <IncidentTabs />}
      <Filters key={resource.id} resource={resource} />
      <Problem problem={problem} />
      {isEmpty && loading && (
        <p className="p-quiet-text" role="status">
          {t('panel.loading')}
        </p>
      )}
      {isEmpty && !loading && problem === undefined && <NoRecords />}
      {!isEmpty && (
        <div className="p-scroll">
          <table className="p-table">
            <Head resource={resource} sortBy={meta?.sortBy} direction={meta?.direction ?? 'asc'} />
            <tbody>
              {records.map((record) => (
                <Row key={record.id} resource={resource} record={record} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {meta !== undefined && <Pager meta={meta} />}
    </div>
  );
}

interface Order {
  sortBy: string | undefined;
  direction: 'asc' | 'desc';
}

function Head({ resource, sortBy, direction }: { resource: ResourceJSON } & Order) {
  const { tp } = useTranslation();
  const { storeParams } = useQueryParams();
  const turned = direction === 'asc' ? 'desc' : 'asc';
  return (
    <thead>
      <tr>
        {resource.listProperties.map((property) => {
          const name = property.propertyPath;
          const under = below(resource, property);
          const label = [property, ...under].map((one) => tp(one.label, resource.id)).join(' / ');
          const sorted = sortBy === name;
          return (
            <th
              key={name}
              scope="col"
              className={isNumeric({ property }) ? 'p-right' : ''}
              aria-sort={sorted ? (direction === 'asc' ? 'ascending' : 'descending') : undefined}
            >
              {property.isSortable ? (
                <button
                  type="button"
                  onClick={() => {
                    storeParams({ sortBy: name, direction: sorted ? turned : 'desc' });
                  }}
                >
                  {label}
                  <span aria-hidden="true" className="p-arrow">
                    {sorted ? (direction === 'asc' ? '↑' : '↓') : '↕'}
                  </span>
                </button>
              ) : (
                label
              )}
            </th>
          );
        })}
        <th scope="col" />
      </tr>
    </thead>
  );
}

/** The column that stands below this one in the same cell, if any. */
function below(resource: ResourceJSON, property: BasePropertyJSON): BasePropertyJSON[] {
  const under = resource.properties[String(property.custom['below'])];
  return under === undefined ? [] : [under];
}

function Row({ resource, record }: { resource: ResourceJSON; record: RecordJSON }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const href = new ViewHelpers().recordActionUrl({ resourceId: resource.id, recordId: record.id, actionName: 'show' });
  return (
    <tr
      onClick={(event) => {
        if (!(event.target as Element).closest('a, button')) navigate(href);
      }}
      data-id={record.id}
    >
      {resource.listProperties.map((property) => (
        <td
          key={property.propertyPath}
          className={isNumeric({ property }) ? 'p-right' : ''}
          data-property={property.propertyPath}
        >
          <PanelCell property={{ ...property, path: property.propertyPath }} record={record} resource={resource} />
          {below(resource, property)
            .filter(({ propertyPath: path }) => record.params[path] != null)
            .map((one) => (
              <div key={one.propertyPath} className="p-below" data-property={one.propertyPath}>
                <PanelCell property={{ ...one, path: one.propertyPath }} record={record} resource={resource} />
              </div>
            ))}
        </td>
      ))}
      <td className="p-open">
        <Link to={href}>{t('panel.open')}</Link>
      </td>
    </tr>
  );
}
