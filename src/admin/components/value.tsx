import { ViewHelpers, useTranslation, type BasePropertyJSON, type BasePropertyProps, type RecordJSON } from 'adminjs';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';
import { CopyableId } from './copyable-id.tsx';
import { formatMoney, formatNumber, formatPercent, formatTime, formatUtc, shortId } from './format.ts';
import { Subject } from './subject.tsx';

/** What the server says about a column; see `resources/spec.ts`. */
interface Kind {
  kind: string;
  signed?: boolean;
  plain?: boolean;
  currency?: string;
  type?: string;
}

export type Shown = Pick<BasePropertyProps, 'property' | 'record' | 'resource'>;

const toneOf: Readonly<Record<string, string>> = {
  active: 'good',
  running: 'open',
  resolved: 'good',
  approved: 'good',
  rejected: 'bad',
  confirmed: 'good',
  completed: 'good',
  sent: 'good',
  earn: 'good',
  won: 'good',
  open: 'bad',
  'credit_holds.open': 'open',
  scheduled: 'open',
  recorded: 'open',
  pending: 'open',
  processing: 'open',
  past_due: 'open',
  paused: 'open',
  partially_refunded: 'open',
  hold: 'open',
  settled: 'good',
  failed: 'bad',
  lost_unbooked: 'bad',
  lost: 'bad',
  suspended: 'bad',
  disabled: 'bad',
  clawback: 'bad',
  plain: 'plain',
};

/** One cell of a list. Numbers stand right. */
export function PanelCell(props: Shown) {
  return <Value {...props} place="list" />;
}

/** One line of a record's page. */
export function PanelField(props: Shown) {
  return <Value {...props} place="show" />;
}

export function isNumeric({ property }: { property: BasePropertyJSON }): boolean {
  return ['money', 'credits', 'count'].includes(kindOf(property).kind);
}

function kindOf(property: BasePropertyJSON): Kind {
  return property.custom as unknown as Kind;
}

function Value({ property, record, resource, place }: Shown & { place: 'list' | 'show' }): ReactNode {
  const { i18n, tl, t } = useTranslation();
  const locale = i18n.language;
  const { kind, signed, plain, currency, type } = kindOf(property);
  const value = record?.params[property.path] as string | number | boolean | null | undefined;
  if (record === undefined || value === null || value === undefined || value === '')
    return <Nothing numeric={isNumeric({ property })} />;
  const text = String(value);
  switch (kind) {
    case 'money':
      return (
        <span className={Number(value) === 0 ? 'p-number p-nothing' : 'p-number'}>
          {formatMoney(Number(value), String(record.params[currency ?? '']), locale)}
        </span>
      );
    case 'credits':
    case 'count':
      return <span className="p-number">{formatNumber(Number(value), locale, signed)}</span>;
    case 'time':
      return <Time iso={text} />;
    case 'state':
      return (
        <State
          value={plain === true ? 'plain' : text}
          of={resource.id}
          label={tl(`${property.path}.${text}`, resource.id)}
        />
      );
    case 'word':
      return <span>{tl(`${property.path}.${text}`, resource.id, { defaultValue: text })}</span>;
    case 'actor':
      return <Actor text={text} />;
    case 'flag':
      return <span className={value === true ? 'p-yes' : 'p-no'}>{t(value === true ? 'panel.yes' : 'panel.no')}</span>;
    case 'id':
      return <CopyableId id={text} full={place === 'show'} />;
    case 'reference':
      return <Reference property={property} record={record} />;
    case 'subject':
      return <Subject id={text} type={String(record.params[type ?? ''])} record={record} place={place} />;
    case 'localized':
      return <Localized text={text} locale={locale} all={place === 'show'} />;
    case 'features':
      return <Features text={text} locale={locale} />;
    case 'prices':
      return <Prices text={text} locale={locale} />;
    case 'percents':
      return <Percents text={text} locale={locale} />;
    case 'json':
      return place === 'list' ? <span className="p-json-line">{summary(text)}</span> : <Json text={text} />;
    case 'counts':
      return <Counts text={text} resourceId={resource.id} all={place === 'show'} />;
    case 'code':
      return <span className="p-code">{text}</span>;
    case 'longText':
      return place === 'list' ? (
        <span className="p-clip" title={text}>
          {text}
        </span>
      ) : (
        <pre className="p-long">{text}</pre>
      );
    default:
      return (
        <span className={place === 'list' ? 'p-clip' : ''} title={place === 'list' ? text : undefined}>
          {text}
        </span>
      );
  }
}

/** In a list only what was not nothing. */
function Counts({ text, resourceId, all }: { text: string; resourceId: string; all: boolean }) {
  const { i18n, tl } = useTranslation();
  const counts = Object.entries(JSON.parse(text) as Record<string, number>)
    .filter(([, count]) => all || count !== 0)
    .map(
      ([name, count]) =>
        `${tl(`counts.${name}`, resourceId, { defaultValue: name })} ${formatNumber(count, i18n.language)}`,
    );
  return counts.length === 0 ? <Nothing numeric={false} /> : <span>{counts.join(' · ')}</span>;
}

function Nothing({ numeric }: { numeric: boolean }) {
  return <span className={numeric ? 'p-number p-nothing' : 'p-nothing'}>–</span>;
}

export function Time({ iso }: { iso: string }) {
  const { i18n } = useTranslation();
  return (
    <time className="p-time" dateTime={iso} title={formatUtc(iso)}>
      {formatTime(iso, i18n.language)}
    </time>
  );
}

export function State({ value, of = '', label }: { value: string; of?: string; label: string }) {
  return <span className={`p-state p-state-${toneOf[`${of}.${value}`] ?? toneOf[value] ?? 'quiet'}`}>{label}</span>;
}

function Reference({ property, record }: { property: Shown['property']; record: RecordJSON }) {
  const id = String(record.params[property.path]);
  const target = record.populated[property.path];
  const to = property.reference;
  if (target == null || to === null) return <CopyableId id={id} />;
  const title = target.title === target.id ? shortId(id) : target.title;
  const href = new ViewHelpers().recordActionUrl({ resourceId: to, recordId: target.id, actionName: 'show' });
  return (
    <Link
      className="p-link"
      to={href}
      onClick={(event) => {
        event.stopPropagation();
      }}
    >
      {title}
    </Link>
  );
}

function Actor({ text }: { text: string }) {
  const { t } = useTranslation();
  const [kind = '', id] = text.split(':');
  return (
    <span className="p-actor">
      {t(`panel.actor.${kind}`, { defaultValue: kind })} {id !== undefined && <CopyableId id={id} />}
    </span>
  );
}

function Localized({ text, locale, all }: { text: string; locale: string; all: boolean }) {
  const texts = JSON.parse(text) as Record<string, string>;
  if (!all) return <span className="p-clip">{texts[locale] ?? texts['en']}</span>;
  return (
    <dl className="p-languages">
      {Object.entries(texts).map(([language, words]) => (
        <div key={language}>
          <dt>{language}</dt>
          <dd lang={language}>{words}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Feature {
  key: string;
  included: boolean;
  label: Record<string, string>;
}

function Features({ text, locale }: { text: string; locale: string }) {
  const { t } = useTranslation();
  return (
    <ul className="p-features">
      {(JSON.parse(text) as Feature[]).map(({ key, included, label }) => (
        <li key={key} className={included ? 'p-included' : 'p-excluded'}>
          <span aria-label={t(included ? 'panel.included' : 'panel.excluded')}>{included ? '✓' : '–'}</span>{' '}
          {label[locale] ?? label['en']}
        </li>
      ))}
    </ul>
  );
}

function Prices({ text, locale }: { text: string; locale: string }) {
  const { t } = useTranslation();
  const prices = Object.entries(JSON.parse(text) as Record<string, number>);
  return (
    <dl className="p-prices">
      {prices
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([feature, credits]) => (
          <div key={feature}>
            <dt className="p-code">{feature}</dt>
            <dd>{t('panel.credits', { count: credits, shown: formatNumber(credits, locale) })}</dd>
          </div>
        ))}
    </dl>
  );
}

function Percents({ text, locale }: { text: string; locale: string }) {
  const { t } = useTranslation();
  const percents = JSON.parse(text) as number[];
  if (percents.length === 0) return <span className="p-no">{t('panel.noThresholds')}</span>;
  return <span>{percents.map((percent) => formatPercent(percent, locale)).join(' · ')}</span>;
}

/** `{"due":3,"sent":2}` → `due 3 · sent 2`: enough for a list. */
function summary(text: string): string {
  const value = JSON.parse(text) as unknown;
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(' · ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, item]) => `${key} ${typeof item === 'object' ? JSON.stringify(item) : String(item)}`)
    .join(' · ');
}

function Json({ text }: { text: string }) {
  return <pre className="p-json">{JSON.stringify(JSON.parse(text), null, 2)}</pre>;
}
