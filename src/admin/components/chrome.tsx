import { useTranslation, type CurrentAdmin } from 'adminjs';
import { Icon } from '@adminjs/design-system';
import { useSelector } from 'react-redux';
import { Link } from 'react-router-dom';

/** The part of AdminJS's store that the frame of the page shows. */
interface State {
  session: CurrentAdmin;
  branding: { logo?: string; companyName: string };
  paths: { rootPath: string; logoutPath: string };
}

const languages = [['en', 'English'], ['zh-CN', '简体中文']] as const; // prettier-ignore

export function SidebarBranding() {
  const { branding, paths } = useSelector((state: State) => state);
  return (
    <Link className="p-brand" to={paths.rootPath}>
      <img src={branding.logo} alt="" width="26" height="26" />
      {branding.companyName}
    </Link>
  );
}

/** AdminJS advertises itself here. */
export function SidebarFooter() {
  return null;
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
      <span className="p-top-space" />
      <nav className="p-top-languages" aria-label={t('panel.language')}>
        {languages.map(([code, name]) => (
          <a key={code} href={`?lang=${code}`} lang={code} aria-current={code === i18n.language ? 'true' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div className="p-me">
        <strong>{String(session['name'])}</strong>
        <span>{tl(`role.${String(session['role'])}`)}</span>
      </div>
      <form method="post" action={paths.logoutPath}>
        <button type="submit" className="p-button p-quiet p-small">{t('panel.signOut')}</button>
      </form>
    </header>
  );
}
