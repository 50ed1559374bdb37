import { useNotice, useTranslation } from 'adminjs';
import { useEffect, useState, type FormEvent } from 'react';
import type { SandboxAnswer } from '../sandbox-routes.ts';
import { callSandbox, ProblemError } from './sandbox-calls.ts';
import { SandboxMails } from './sandbox-mails.tsx';
import { Problem, type ProblemDocument } from './send.tsx';
import { Time } from './value.tsx';

/** JSON has times as text. */
type View = Omit<SandboxAnswer, 'now' | 'real'> & { now: string; real: string };

/** Does something, then reads everything anew. */
type Act = (path: string, body: object, told: string) => void;

/** The sandbox for staff: the clock, the simulator's faults and the mailbox. */
export function PanelSandbox() {
  const { t } = useTranslation();
  const notice = useNotice();
  const [view, setView] = useState<View>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemDocument>();
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      setView(await callSandbox<View>(''));
    } catch (error) {
      setProblem(error instanceof ProblemError ? error.problem : { code: 'offline' });
    }
    setBusy(false);
  };
  useEffect(() => {
    void run(() => Promise.resolve());
  }, []);
  const act: Act = (path, body, told) => {
    if (busy) return;
    void run(async () => {
      await callSandbox(path, body);
      notice({ message: told, type: 'success' });
    });
  };
  return (
    <div className="p-page" aria-busy={busy}>
      <h1>{t('panel.sandbox.title')}</h1>
      <p className="p-quiet-text">{t('panel.sandbox.lead')}</p>
      <Problem problem={problem} />
      {view === undefined ? (
        <p className="p-quiet-text" role="status">
          {t('panel.loading')}
        </p>
      ) : (
        <>
          {!view.mayChange && <p className="p-board-missing">{t('panel.sandbox.ownerOnly')}</p>}
          <div className="p-sandbox">
            <Clock view={view} act={act} busy={busy} />
            <Faults view={view} act={act} busy={busy} />
          </div>
          <SandboxMails newest={view.mails} />
        </>
      )}
    </div>
  );
}

interface PartProps {
  view: View;
  act: Act;
  busy: boolean;
}

function Clock({ view: { now, real, steps, mayChange }, act, busy }: PartProps) {
  const { t } = useTranslation();
  const [to, setTo] = useState('');
  const turn = (body: object) => {
    act('/clock', body, 'sandboxTurned');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    turn({ set: `${to}:00Z` });
  };
  const isAhead = Date.parse(now) - Date.parse(real) >= 1000;
  return (
    <section className="p-card" aria-labelledby="sandbox-clock">
      <h2 id="sandbox-clock">{t('panel.sandbox.clock')}</h2>
      <p className="p-sandbox-now" data-testid="now">
        <Time iso={now} />
      </p>
      <p className="p-quiet-text">
        {isAhead ? t('panel.sandbox.real') : t('panel.sandbox.same')} {isAhead && <Time iso={real} />}
      </p>
      {mayChange && (
        <>
          <div className="p-buttons" role="group" aria-label={t('panel.sandbox.forward')}>
            {steps.map(({ value, label }) => (
              <button
                key={value}
                type="button"
                className="p-button p-quiet p-small"
                disabled={busy}
                onClick={() => {
                  turn({ advance: value });
                }}
              >
                {label}
              </button>
            ))}
          </div>
          <form className="p-inline" onSubmit={submit}>
            <label className="p-field p-short">
              <span>{t('panel.sandbox.set')}</span>
              <input
                type="datetime-local"
                name="set"
                required
                min={now.slice(0, 16)}
                value={to}
                onChange={(event) => {
                  setTo(event.target.value);
                }}
              />
            </label>
            <button type="submit" className="p-button" disabled={busy}>
              {t('panel.sandbox.turn')}
            </button>
          </form>
          <p className="p-quiet-text" role="status">
            {t(busy ? 'panel.sandbox.turning' : 'panel.sandbox.days')}
          </p>
        </>
      )}
    </section>
  );
}

/** Only these are about one order. */
const ofOneOrder = ['capture', 'refund', 'webhook'];

function Faults(props: PartProps) {
  const { t } = useTranslation();
  const { armed, mayChange } = props.view;
  return (
    <section className="p-card" aria-labelledby="sandbox-faults">
      <h2 id="sandbox-faults">{t('panel.sandbox.faults')}</h2>
      <p className="p-quiet-text">{t('panel.sandbox.faultsLead')}</p>
      {armed.length === 0 && <p>{t('panel.sandbox.noneArmed')}</p>}
      {armed.length > 0 && (
        <ul className="p-effects" data-testid="armed">
          {armed.map(({ text, orderId }, nth) => (
            <li key={nth}>
              {text} {orderId !== null && <code>{orderId}</code>}
            </li>
          ))}
        </ul>
      )}
      {mayChange && <FaultForm {...props} />}
    </section>
  );
}

function FaultForm({ view: { faultGroups, armed, orders }, act, busy }: PartProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(faultGroups[0]?.faults[0]?.value ?? '');
  const [order, setOrder] = useState('');
  const [times, setTimes] = useState('1');
  const [on = '', fault = ''] = chosen.split(':');
  const takesOrder = ofOneOrder.includes(on);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act('/faults', { on, fault, times: Number(times), orderId: (takesOrder && order) || null }, 'sandboxArmed');
  };
  return (
    <form className="p-stack" onSubmit={submit}>
      <label className="p-field">
        <span>{t('panel.sandbox.fault')}</span>
        <select name="fault" value={chosen} onChange={(event) => setChosen(event.target.value)}>
          {faultGroups.map(({ label, faults }) => (
            <optgroup key={label} label={label}>
              {faults.map((one) => (
                <option key={one.value} value={one.value}>
                  {label}: {one.label}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <div className="p-row">
        <label className="p-field">
          <span>{t('panel.sandbox.order')}</span>
          <select name="order" value={order} disabled={!takesOrder} onChange={(event) => setOrder(event.target.value)}>
            <option value="">{t('panel.sandbox.anyOrder')}</option>
            {orders.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <label className="p-field">
          <span>{t('panel.sandbox.times')}</span>
          <input
            name="times"
            type="number"
            min={1}
            max={100}
            required
            value={times}
            onChange={(event) => setTimes(event.target.value)}
          />
        </label>
      </div>
      <div className="p-buttons">
        <button type="submit" className="p-button" disabled={busy}>
          {t('panel.sandbox.arm')}
        </button>
        {armed.length > 0 && (
          <button
            type="button"
            className="p-button p-quiet"
            disabled={busy}
            onClick={() => {
              act('/faults/clear', {}, 'sandboxCleared');
            }}
          >
            {t('panel.sandbox.clear')}
          </button>
        )}
      </div>
    </form>
  );
}
