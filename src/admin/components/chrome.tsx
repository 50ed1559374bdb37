import {
  ViewHelpers,
  useTranslation,
  type ActionHeaderProps,
  type ActionJSON,
  type CurrentAdmin,
  type RecordJSON,
  type ResourceJSON,
} from 'adminjs';
import { Icon } from '@adminjs/design-system';
import { useEffect, useState } from 'react';
import { useSelector } from 'react-redux';
import { Link, useLocation } from 'react-router-dom';
import { formatNumber, shortId } from './format.ts';
import { SearchBox } from './search-box.tsx';

/** The part of AdminJS's store that the frame of the page shows. */
interface State {
  session: CurrentAdmin;
  branding: { logo?: string; companyName: string };
  paths: { rootPath: string; logoutPath: string };
  resources: ResourceJSON[];
  pages: { name: string }[];
}

const languages = [
  ['en', 'English'],
  ['zh-CN', '简体中文'],
] as const;

/** Every table that this role may see, under its heading; nothing folds away. */
export function Sidebar({ isVisible }: { isVisible: boolean }) {
  const { t, tl } = useTranslation();
  const { branding, paths, resources, pages } = useSelector((state: State) => state);
  const { pathname } = useLocation();
  const waiting = useWaiting(paths.rootPath, pathname);
  const visible = resources.filter(({ href }) => href !== null);
  const groups = [...new Set(visible.map(groupOf))].map((group) => ({
    group,
    members: visible.filter((one) => groupOf(one) === group),
  }));
  const current = (href: string) => (pathname === href || pathname.startsWith(`${href}/`) ? 'page' : undefined);
  return (
    <aside className={isVisible ? 'p-side p-side-open' : 'p-side'}>
      <Link className="p-brand" to={paths.rootPath}>
        <img src={branding.logo} alt="" width="26" height="26" /> {branding.companyName}
      </Link>
      <nav aria-label={t('panel.menu')}>
        <Link to={paths.rootPath} aria-current={pathname === paths.rootPath ? 'page' : undefined}>
          <Icon icon="Home" size={15} /> {t('panel.dashboard.title')}
        </Link>
        {groups.map(({ group, members }) => (
          <section key={group}>
            <h2>
              <Icon icon={members[0]?.navigation?.icon ?? 'Circle'} size={13} /> {tl(group)}
            </h2>
            {members.map(({ id, name, href }) => (
              <Link key={id} to={href ?? ''} aria-current={current(href ?? '')}>
                {tl(name, id)} <Waiting count={waiting[id] ?? 0} />
              </Link>
            ))}
          </section>
        ))}
        {pages.length > 0 && (
          <section>
            <h2>
              <Icon icon="Box" size={13} /> {t('panel.sandbox.outside')}
            </h2>
            {pages.map(({ name }) => {
              const href = `${paths.rootPath}/pages/${name}`;
              return (
                <Link key={name} to={href} aria-current={current(href)}>
                  {t(`panel.${name}.title`)}
                </Link>
              );
            })}
          </section>
        )}
      </nav>
    </aside>
  );
}

/** How much waits in which table, asked anew on every page. */
function useWaiting(rootPath: string, pathname: string): Record<string, number> {
  const [waiting, setWaiting] = useState<Record<string, number>>({});
  useEffect(() => {
    let isLate = false;
    askWaiting(rootPath).then(
      (counts) => {
        if (!isLate) setWaiting(counts);
      },
      // The menu is of use without it, and the page says itself that the server does not answer.
      () => undefined,
    );
    return () => {
      isLate = true;
    };
  }, [rootPath, pathname]);
  return waiting;
}

async function askWaiting(rootPath: string): Promise<Record<string, number>> {
  const answer = await fetch(`${rootPath}/api/waiting`);
  if (!answer.ok) throw new Error(`the menu's numbers: ${answer.status}`);
  return (await answer.json()) as Record<string, number>;
}

function Waiting({ count }: { count: number }) {
  const { t, i18n } = useTranslation();
  if (count === 0) return null;
  return (
    <span className="p-badge">
      {formatNumber(count, i18n.language)} <span className="p-aside">{t('panel.openCount')}</span>
    </span>
  );
}

function groupOf({ navigation }: ResourceJSON): string {
  return navigation?.name ?? '';
}

/** Who is signed in, in which language, and the way out: a form that posts. */
export function TopBar({ toggleSidebar }: { toggleSidebar: () => void }) {
  const { t, tl, i18n } = useTranslation();
  const { session, paths } = useSelector((state: State) => state);
  return (
    <header className="p-top">
      <button type="button" className="p-menu" onClick={toggleSidebar} aria-label={t('panel.menu')}>
        <Icon icon="Menu" size={22} />
      </button>
      <SearchBox rootPath={paths.rootPath} />
      <span className="p-top-space" />
      <nav className="p-top-languages" aria-label={t('panel.language')}>
        {languages.map(([code, name]) => (
          <a key={code} href={`?lang=${code}`} lang={code} aria-current={code === i18n.language ? 'true' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <a className="p-me" href={`${paths.rootPath}/me`} title={t('panel.myAccount')}>
        <strong>{String(session['name'])}</strong>
        <span>{tl(`role.${String(session['role'])}`)}</span>
      </a>
      <form method="post" action={paths.logoutPath}>
        <button type="submit" className="p-button p-quiet p-small">
          {t('panel.signOut')}
        </button>
      </form>
    </header>
  );
}

/** The title of the page, the way back, and what can be done here. */
export function ActionHeader({ resource, record, action, tag }: ActionHeaderProps) {
  const { ta, tl } = useTranslation();
  const title = useTitle(resource, record);
  const h = new ViewHelpers();
  const isList = action.name === 'list';
  const show =
    record === undefined
      ? undefined
      : h.recordActionUrl({ resourceId: resource.id, recordId: record.id, actionName: 'show' });
  return (
    <div className="p-head">
      {!isList && (
        <p className="p-crumbs">
          <Link to={resource.href ?? ''}>{tl(resource.name, resource.id)}</Link>
          {action.name !== 'show' && record !== undefined && show !== undefined && <Link to={show}>{title}</Link>}
        </p>
      )}
      <h1>
        {isList
          ? tl(resource.name, resource.id)
          : action.name === 'show' && record !== undefined
            ? title
            : ta(action.label, resource.id)}
        {tag !== undefined && tag !== '' && <Count tag={tag} />}
      </h1>
      <div className="p-buttons">
        <Buttons resource={resource} record={record} action={action} />
      </div>
    </div>
  );
}

function Count({ tag }: { tag: string }) {
  const { i18n } = useTranslation();
  const total = Number(tag);
  const more = total >= 10_000 ? '+' : '';
  return <span className="p-count">{Number.isFinite(total) ? formatNumber(total, i18n.language) + more : tag}</span>;
}

/** What people know the row by, in their language where it is a word of ours. */
function useTitle({ id: resourceId, titleProperty }: ResourceJSON, record: RecordJSON | undefined): string {
  const { tl } = useTranslation();
  if (record === undefined) return '';
  const { title, id } = record;
  if (title === '' || title === id) return shortId(id);
  const isWord = ['state', 'word'].includes(String(titleProperty.custom['kind']));
  return isWord ? tl(`${titleProperty.name}.${title}`, resourceId, { defaultValue: title }) : title;
}

/** On a list what makes a row, on a row what can be done to it; never the page one is on, and looking is no button. */
function Buttons({
  resource,
  record,
  action,
}: {
  resource: ResourceJSON;
  record: RecordJSON | undefined;
  action: ActionJSON;
}) {
  const { ta } = useTranslation();
  const h = new ViewHelpers();
  const offered = record === undefined ? resource.resourceActions : action.name === 'show' ? record.recordActions : [];
  const href = (actionName: string) =>
    record === undefined
      ? h.resourceActionUrl({ resourceId: resource.id, actionName })
      : h.recordActionUrl({ resourceId: resource.id, recordId: record.id, actionName });
  return (
    <>
      {offered
        .filter(({ name }) => !['list', 'search', 'show', action.name].includes(name))
        .map(({ name, label, variant, icon }) => (
          <Link
            key={name}
            to={href(name)}
            className={`p-button ${variant === 'danger' ? 'p-danger-quiet' : name === 'new' ? '' : 'p-quiet'}`}
            data-testid={`action-${name}`}
          >
            {icon !== undefined && <Icon icon={String(icon)} size={15} />} {ta(label, resource.id)}
          </Link>
        ))}
    </>
  );
}
