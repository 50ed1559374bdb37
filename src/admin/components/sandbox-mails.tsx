import { useTranslation } from 'adminjs';
import { useState, type FormEvent } from 'react';
import type { SandboxAnswer } from '../sandbox-routes.ts';
import type { SandboxMail } from '../../sandbox/panel-controls.ts';
import { callSandbox, ProblemError } from './sandbox-calls.ts';
import { Problem, type ProblemDocument } from './send.tsx';
import { Time } from './value.tsx';

type Mails = SandboxAnswer['mails'];

/** The mailbox: the newest mails, or those to one address; a click shows what a mail says. */
export function SandboxMails({ newest }: { newest: Mails }) {
  const { t } = useTranslation();
  const [to, setTo] = useState('');
  const [found, setFound] = useState<Mails | null>(null);
  const [mail, setMail] = useState<SandboxMail>();
  const [problem, setProblem] = useState<ProblemDocument>();
  const ask = (work: () => Promise<void>) => {
    setProblem(undefined);
    work().catch((error: unknown) => {
      setProblem(error instanceof ProblemError ? error.problem : { code: 'offline' });
    });
  };
  const search = (event: FormEvent) => {
    event.preventDefault();
    const address = to.trim();
    ask(async () => {
      const query = `?to=${encodeURIComponent(address)}`;
      setFound(address === '' ? null : (await callSandbox<SandboxAnswer>(query)).mails);
    });
  };
  const open = (id: string) => {
    ask(async () => {
      setMail(await callSandbox<SandboxMail>(`/mails/${id}`));
    });
  };
  const mails = found ?? newest;
  return (
    <section className="p-mails" aria-labelledby="sandbox-mails">
      <h2 id="sandbox-mails">{t('panel.sandbox.mails')}</h2>
      <form className="p-inline" role="search" onSubmit={search}>
        <label className="p-field p-short">
          <span>{t('panel.sandbox.to')}</span>
          <input type="email" name="to" value={to} maxLength={254} onChange={(event) => setTo(event.target.value)} />
        </label>
        <button type="submit" className="p-button p-quiet">
          {t('panel.sandbox.find')}
        </button>
      </form>
      <Problem problem={problem} />
      <div className="p-mailbox">
        {mails.length === 0 ? (
          <p className="p-empty">{t('panel.sandbox.noMails')}</p>
        ) : (
          <List mails={mails} open={open} />
        )}
        {mail !== undefined && <Opened mail={mail} />}
      </div>
    </section>
  );
}

function List({ mails, open }: { mails: Mails; open: (id: string) => void }) {
  const { t, tl } = useTranslation();
  return (
    <table className="p-table">
      <thead>
        <tr>
          <th scope="col">{t('panel.sandbox.subject')}</th>
          <th scope="col">{t('panel.sandbox.to')}</th>
          <th scope="col">{t('panel.sandbox.sent')}</th>
        </tr>
      </thead>
      <tbody>
        {mails.map(({ id, to, subject, template, sentAt }) => (
          <tr key={id}>
            <td>
              <button
                type="button"
                className="p-link-button"
                onClick={() => {
                  open(id);
                }}
              >
                {subject}
              </button>
              <br />
              <small className="p-quiet-text">{tl(`template.${template}`)}</small>
            </td>
            <td>{to}</td>
            <td>
              <Time iso={String(sentAt)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Opened({ mail: { id, to, subject, text } }: { mail: SandboxMail }) {
  const { t } = useTranslation();
  return (
    <article className="p-card" aria-live="polite">
      <header>
        <h3>{subject}</h3>
        <p className="p-quiet-text">{to}</p>
      </header>
      <pre>{text}</pre>
      <p>
        <a className="p-link" href={`/sandbox/mail/${id}`} target="_blank" rel="noopener">
          {t('panel.sandbox.asSent')}
        </a>
      </p>
    </article>
  );
}
