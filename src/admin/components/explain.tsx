import { ApiClient, useTranslation, type ActionProps, type RecordJSON } from 'adminjs';
import { useState, type FormEvent, type ReactNode } from 'react';
import { Link } from 'react-router-dom';
import type { ExplainAnswer, ExplainedCredits } from '../explained-credits.ts';
import { GrantEntries } from './explain-entries.tsx';
import { formatNumber, formatTime } from './format.ts';
import { Problem, problemOf, type ProblemDocument } from './send.tsx';

type Grant = ExplainedCredits['grants'][number];

/** Where a customer's credits came from and went, at any instant. */
export function PanelExplain({ record }: ActionProps) {
  const { t } = useTranslation();
  const answer = record?.params['answer'] as string | undefined;
  // Coming from another page of the row, AdminJS shows that page's answer until this one's is there.
  if (record === undefined || answer === undefined) {
    return (
      <p className="p-quiet-text" role="status">
        {t('panel.loading')}
      </p>
    );
  }
  return <Explained userId={record.id} first={explainedOf(answer)} />;
}

function explainedOf(answer: unknown): ExplainedCredits | null {
  const parsed = JSON.parse(String(answer)) as ExplainAnswer;
  return 'explained' in parsed ? parsed.explained : null;
}

function Explained({ userId, first }: { userId: string; first: ExplainedCredits | null }) {
  const { t, i18n } = useTranslation();
  const [shown, setShown] = useState(first);
  const [problem, setProblem] = useState<ProblemDocument>();
  const [waiting, setWaiting] = useState(false);
  const show = async (params: Record<string, string>): Promise<void> => {
    setWaiting(true);
    setProblem(undefined);
    try {
      const row = { resourceId: 'users', recordId: userId, actionName: 'explain' };
      const { data } = await new ApiClient().recordAction({ ...row, params });
      setShown(explainedOf((data as { record: RecordJSON }).record.params['answer']));
    } catch (error) {
      setProblem(problemOf(error));
    }
    setWaiting(false);
  };
  if (shown === null) return null;
  return (
    <div className="p-explain">
      <InstantForm waiting={waiting} show={show} />
      <Problem problem={problem} />
      <p className="p-explain-when" role="status">
        {t('panel.explain.asOf', { when: formatTime(String(shown.at), i18n.language) })}
      </p>
      <dl className="p-facts">
        <Fact name="available" value={shown.available} />
        <Fact name="held" value={shown.held} />
        <Fact name="entries" value={shown.entries} />
      </dl>
      <section>
        <h2>{t('panel.explain.grants')}</h2>
        {shown.grants.length === 0 && <p className="p-empty">{t('panel.explain.noGrants')}</p>}
        {shown.grants.map((grant) => (
          <GrantCard key={`${grant.id} ${shown.entries}`} grant={grant} userId={userId} explained={shown} />
        ))}
      </section>
    </div>
  );
}

/** The instant, in the reader's zone. */
function InstantForm({ waiting, show }: { waiting: boolean; show: (params: Record<string, string>) => Promise<void> }) {
  const { t } = useTranslation();
  const [at, setAt] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (at !== '') void show({ at: new Date(at).toISOString() });
  };
  return (
    <form className="p-explain-at" onSubmit={submit} aria-busy={waiting}>
      <p className="p-quiet-text">{t('panel.explain.lead')}</p>
      <label>
        <span>{t('panel.explain.at')}</span>
        <input
          type="datetime-local"
          name="at"
          step={1}
          value={at}
          onChange={(event) => {
            setAt(event.target.value);
          }}
        />
      </label>
      <button type="submit" className="p-button" disabled={waiting || at === ''}>
        {t('panel.explain.show')}
      </button>
      <button
        type="button"
        className="p-button p-quiet"
        disabled={waiting}
        onClick={() => {
          setAt('');
          void show({});
        }}
      >
        {t('panel.explain.now')}
      </button>
    </form>
  );
}

function Fact({ name, value }: { name: string; value: number }) {
  const { t, i18n } = useTranslation();
  return (
    <div className="p-fact">
      <dt>{t(`panel.explain.${name}`)}</dt>
      <dd data-fact={name}>{formatNumber(value, i18n.language)}</dd>
    </div>
  );
}

/** A grant: its origin, what became of it in figures and as a bar, what it was spent on, and the entries behind it. */
function GrantCard({ grant, userId, explained }: { grant: Grant; userId: string; explained: ExplainedCredits }) {
  const { t, tl, i18n } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const number = (value: number) => formatNumber(value, i18n.language);
  const shares = sharesOf(grant).filter(({ value }) => value > 0);
  return (
    <article className="p-grant" data-grant={grant.id}>
      <header>
        <h3>
          <Origin grant={grant} /> <small>{tl(`source.${grant.source}`)}</small>
        </h3>
        <p className="p-number">
          {t('panel.explain.left', { left: number(grant.remaining), granted: number(grant.granted) })}
        </p>
      </header>
      <p className="p-quiet-text">
        <Dates grant={grant} at={String(explained.at)} />
      </p>
      <div className="p-shares" aria-hidden="true">
        {shares.map(({ name, value }) => (
          <span key={name} className={`p-share-${name}`} style={{ width: `${(value / grant.granted) * 100}%` }} />
        ))}
      </div>
      <ul className="p-share-list">
        {shares.map(({ name, value }) => (
          <li key={name}>
            <span className={`p-share-dot p-share-${name}`} aria-hidden="true" /> {t(`panel.explain.parts.${name}`)}{' '}
            <strong>{number(value)}</strong>
          </li>
        ))}
      </ul>
      {grant.uses.length > 0 && (
        <ul className="p-uses">
          {grant.uses.map((use) => (
            <li key={use.featureType}>
              {t('panel.explain.use', {
                feature: use.featureType,
                credits: number(use.credits),
                entries: number(use.entries),
              })}
            </li>
          ))}
        </ul>
      )}
      <button
        type="button"
        className="p-button p-quiet p-small"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        {t(isOpen ? 'panel.explain.hideEntries' : 'panel.explain.showEntries')}
      </button>
      {isOpen && <GrantEntries userId={userId} grantId={grant.id} through={explained.entries} />}
    </article>
  );
}

function sharesOf(grant: Grant): { name: string; value: number }[] {
  const { spent, expired, clawedBack, adjusted, held, remaining } = grant;
  const shares = { spent, expired, clawedBack, adjusted, held, left: remaining - held };
  return Object.entries(shares).map(([name, value]) => ({ name, value }));
}

function Origin({ grant: { origin, staffName, description } }: { grant: Grant }): ReactNode {
  const { t, i18n } = useTranslation();
  const reason = description === null ? null : <span className="p-reason">{description}</span>;
  switch (origin.kind) {
    case 'order':
      return <OrderLink id={origin.orderId} number={origin.orderNo} />;
    case 'subscription_month':
      return (
        <>
          {origin.month === null
            ? t('panel.explain.plan')
            : t('panel.explain.month', { when: formatTime(origin.month, i18n.language) })}{' '}
          {origin.orderId !== null && <OrderLink id={origin.orderId} number={origin.orderNo} />}
        </>
      );
    case 'staff':
      return (
        <>
          {staffName === null || origin.staffId === null ? (
            t('panel.explain.someStaff')
          ) : (
            <Link className="p-link" to={`/admin/resources/staff/records/${origin.staffId}/show`}>
              {t('panel.explain.staff', { name: staffName })}
            </Link>
          )}{' '}
          {reason}
        </>
      );
    default:
      return (
        <>
          {t(`panel.explain.${origin.kind}`)} {reason}
        </>
      );
  }
}

function OrderLink({ id, number }: { id: string; number: string | null }) {
  const { t } = useTranslation();
  return (
    <Link className="p-link" to={`/admin/resources/orders/records/${id}/show`}>
      {t('panel.explain.order')} {number}
    </Link>
  );
}

function Dates({ grant: { grantedAt, expiresAt }, at }: { grant: Grant; at: string }) {
  const { t, i18n } = useTranslation();
  const time = (value: unknown) => formatTime(String(value), i18n.language);
  const end =
    expiresAt === null
      ? t('panel.explain.neverExpires')
      : t(String(expiresAt) <= at ? 'panel.explain.expired' : 'panel.explain.expires', { when: time(expiresAt) });
  return (
    <>
      {t('panel.explain.given', { when: time(grantedAt) })} · {end}
    </>
  );
}
