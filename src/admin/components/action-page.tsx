import { useTranslation, type ActionProps } from 'adminjs';
import { useState, type FormEvent } from 'react';
import { ActionField, type Field } from './action-field.tsx';
import { effects, type Facts } from './effects.ts';
import { toDecimal } from '../../kit/money.ts';
import { formatMoney } from './format.ts';
import { usePreview } from './preview.ts';
import { Problem, useSend } from './send.tsx';

/** The fields of each action's form; `reason` is everywhere. */
const fields: Readonly<Record<string, readonly Field[]>> = {
  adjustCredits: [
    { name: 'amount', input: 'credits' },
    { name: 'expiresOn', input: 'date', optional: true },
    { name: 'reason', input: 'reason' },
  ],
  grantPlan: [
    { name: 'plan', input: 'select' },
    { name: 'months', input: 'months' },
    { name: 'reason', input: 'reason' },
  ],
  changePlan: [
    { name: 'price', input: 'select' },
    { name: 'reason', input: 'reason' },
  ],
  cancel: [
    { name: 'atPeriodEnd', input: 'choice' },
    { name: 'reason', input: 'reason' },
  ],
  refund: [
    { name: 'amount', input: 'money' },
    { name: 'endSubscription', input: 'choice' },
    { name: 'reason', input: 'reason' },
  ],
  refundDuplicate: [{ name: 'reason', input: 'reason', prefilled: 'panel.actions.refundDuplicate.reason' }],
  resolve: [{ name: 'reason', input: 'reason', label: 'panel.actions.resolve.reason' }],
  recordTransfer: [
    { name: 'bankReference', input: 'text' },
    { name: 'bankAmount', input: 'statement' },
    { name: 'bankDate', input: 'date' },
    { name: 'reason', input: 'reason', label: 'panel.actions.recordTransfer.reason' },
  ],
  erase: [
    { name: 'email', input: 'email' },
    { name: 'reason', input: 'reason', label: 'panel.actions.erase.reason' },
  ],
  confirmTransfer: [{ name: 'reason', input: 'reason', label: 'panel.actions.confirmTransfer.reason' }],
};

type Values = Readonly<Record<string, string>>;

/** Says what will happen, asks why, and does it: for every action of `src/admin/actions/`. */
export function PanelAction(props: ActionProps) {
  const { t } = useTranslation();
  const preview = props.record?.params['preview'] as string | undefined;
  // Coming from another page of the row, AdminJS shows that page's answer until this one's is there.
  if (preview === undefined)
    return (
      <p className="p-quiet-text" role="status">
        {t('panel.loading')}
      </p>
    );
  return <ActionForm {...props} first={JSON.parse(preview) as Facts} />;
}

function ActionForm({ action, resource, record, first }: ActionProps & { first: Facts }) {
  const { t, tl, i18n } = useTranslation();
  const { name } = action;
  const texts = `panel.actions.${name}`;
  const own = fields[name] ?? [{ name: 'reason', input: 'reason' }];
  const [typed, setTyped] = useState<Values>(() => initialValues(own, first, t));
  const { send, sending, problem } = useSend(resource.id, name, record?.id);
  const row = { resourceId: resource.id, recordId: record?.id ?? '', actionName: name };
  const { facts, problem: refused, waiting } = usePreview(row, first, draftOf(name, typed));
  if (record === undefined) return null;
  // The usual answer follows the facts until somebody chooses another.
  const values: Values = {
    ...typed,
    endSubscription: typed['endSubscription'] ?? (facts['isFull'] === true ? 'yes' : 'no'),
  };
  const set = (field: string, value: string) => {
    setTyped((before) => ({ ...before, [field]: value }));
  };
  const lines = refused === undefined ? effects(name, facts, values, i18n.language, t) : [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!waiting && refused === undefined) void send(toBody(name, values, facts));
  };
  const most = 'leftMinor' in facts ? money(facts, 'leftMinor', i18n.language) : '';
  return (
    <form className="p-card p-action" onSubmit={submit} aria-busy={sending || waiting}>
      <p className="p-lead">{t(`${texts}.lead`, { ...facts })}</p>
      {own
        .filter((field) => isAsked(field, facts, values))
        .map((field) => (
          <ActionField
            key={field.name}
            field={field}
            texts={texts}
            value={values[field.name] ?? ''}
            set={set}
            closed={field.name === 'atPeriodEnd' && !canWait(facts) ? 'yes' : undefined}
            most={most}
            options={field.input === 'select' ? optionsOf(facts, i18n.language, tl) : {}}
            currency={String(facts['currency'] ?? '')}
            bankCurrency={values['bankCurrency'] ?? ''}
          />
        ))}
      {lines.length > 0 && (
        <div className="p-effects" role="status">
          <h2>{t('panel.whatHappens')}</h2>
          <ul>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
      <Problem problem={problem ?? refused} />
      <div className="p-buttons">
        <button
          type="submit"
          className={`p-button ${action.variant === 'danger' ? 'p-danger' : ''}`}
          disabled={sending || waiting || refused !== undefined || isHeldBack(name, facts, values)}
          data-testid="confirm"
        >
          {sending ? t('panel.sending') : confirmText(name, facts, values, i18n.language, t)}
        </button>
      </div>
    </form>
  );
}

type Translate = ReturnType<typeof useTranslation>['t'];
type TranslateLabel = ReturnType<typeof useTranslation>['tl'];

function initialValues(own: readonly Field[], facts: Facts, t: Translate): Values {
  const values: Record<string, string> = {
    atPeriodEnd: canWait(facts) ? 'yes' : 'no',
    bankCurrency: String(facts['currency'] ?? ''),
    months: '1',
  };
  for (const { name, input, prefilled } of own) {
    if (input === 'money') {
      values[name] = toDecimal({ amountMinor: Number(facts['leftMinor']), currency: String(facts['currency']) });
    }
    if (prefilled !== undefined) values[name] = t(prefilled, { ...facts });
  }
  return values;
}

/** Nobody is erased while something is open, or before their address is typed. */
function isHeldBack(name: string, facts: Facts, { email = '' }: Values): boolean {
  if (name !== 'erase') return false;
  return facts['obstacles'] !== '' || email.trim().toLowerCase() !== String(facts['email']).toLowerCase();
}

function canWait(facts: Facts): boolean {
  return facts['endDate'] !== null && facts['cancelAtPeriodEnd'] !== true;
}

/** Nobody is asked about a subscription that is not there, or for what the refund says: that sum is sent or none. */
function isAsked({ name, input }: Field, facts: Facts, values: Values): boolean {
  if (name === 'expiresOn') return isGift(values);
  if (input === 'statement') return facts['context'] !== 'outgoing';
  return name !== 'endSubscription' || facts['subscription'] !== 'none';
}

interface Option {
  names?: Record<string, string>;
  subscriptionType?: string;
  amountMinor?: number;
  currency?: string;
}

/** Plans by name; with interval and price where those are chosen too. */
function optionsOf(facts: Facts, locale: string, tl: TranslateLabel): Record<string, string> {
  const options = JSON.parse(String(facts['options'] ?? '{}')) as Record<string, Option>;
  return Object.fromEntries(Object.entries(options).map(([value, option]) => [value, labelOf(option, locale, tl)]));
}

function labelOf(
  { names = {}, subscriptionType, amountMinor, currency }: Option,
  locale: string,
  tl: TranslateLabel,
): string {
  const name = names[locale] ?? names['en'] ?? '';
  if (subscriptionType === undefined || amountMinor === undefined || currency === undefined) return name;
  return `${name} · ${tl(`subscriptionType.${subscriptionType}`)} · ${formatMoney(amountMinor, currency, locale)}`;
}

/** Only credits that are given can expire. */
function isGift({ amount = '' }: Values): boolean {
  return !amount.startsWith('-');
}

/** What the preview depends on; null where it does not. */
function draftOf(name: string, typed: Values): Record<string, string> | null {
  if (name === 'grantPlan') return { plan: typed['plan'] ?? '', months: typed['months'] ?? '' };
  if (name === 'changePlan') return { price: typed['price'] ?? '' };
  if (name !== 'refund') return null;
  const { amount = '', endSubscription } = typed;
  return { amount, ...(endSubscription !== undefined && { endSubscription }) };
}

function money(facts: Facts, name: string, locale: string): string {
  return formatMoney(Number(facts[name]), String(facts['currency']), locale);
}

/** The button says what it does, in figures where there are any. */
function confirmText(name: string, facts: Facts, values: Record<string, string>, locale: string, t: Translate): string {
  const [line] = effects(name, facts, values, locale, t, 'confirm');
  return line ?? t(`panel.actions.${name}.confirm`);
}

function toBody(name: string, values: Values, facts: Facts): Record<string, unknown> {
  const { reason = '', amount } = values;
  if (name === 'adjustCredits') {
    const { expiresOn = '' } = values;
    const until = isGift(values) && expiresOn !== '' ? { expiresOn } : {};
    return { reason, amount: Number(amount), requestId: facts['requestId'], ...until };
  }
  if (name === 'cancel') return { reason, atPeriodEnd: values['atPeriodEnd'] === 'yes' };
  if (name === 'recordTransfer') {
    const { bankReference, bankDate, bankAmount, bankCurrency } = values;
    return { reason, bankReference, bankDate, ...(bankAmount !== undefined && { bankAmount, bankCurrency }) };
  }
  if (name === 'grantPlan') return { reason, plan: values['plan'], months: Number(values['months']) };
  if (name === 'changePlan') return { reason, price: values['price'] };
  if (name === 'erase') return { reason, email: values['email'] };
  if (name === 'resend') return { reason, requestId: facts['requestId'] };
  if (name !== 'refund') return { reason };
  // What was shown is sent: that and nothing else is what somebody has confirmed.
  const hasPlan = facts['subscription'] !== 'none';
  return { reason, amount, ...(hasPlan && { endSubscription: values['endSubscription'] === 'yes' }) };
}
