import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import type { Services } from '../billing/services.ts';
import { systemClock } from '../kit/clock.ts';
import { NotFound } from '../kit/errors.ts';
import type { Translate } from '../kit/i18n.ts';
import { uuid } from '../kit/http/validate.ts';
import type { ClockControl } from './clock.ts';
import type { Mailbox } from './mailbox.ts';
import { armedFaults, faultGroups, steps } from './page-models.ts';
import type { PaypalControl } from './paypal/control.ts';

/** What the staff panel shows of the sandbox, in the reader's language. */
export interface SandboxView {
  now: Date;
  real: Date;
  steps: { value: string; label: string }[];
  faultGroups: { label: string; faults: { value: string; label: string }[] }[];
  armed: { text: string; orderId: string | null }[];
  orders: string[];
  mails: { id: string; to: string; subject: string; template: string; sentAt: Date }[];
}

export interface SandboxMail {
  id: string;
  to: string;
  subject: string;
  sentAt: Date;
  text: string;
}

export interface SandboxFault {
  on: string;
  fault: string;
  times: number;
  orderId: string | null;
}

/** The sandbox for staff. What changes something is written into the audit log. */
export interface SandboxPanel {
  /** @param to only mails to this address */
  read(t: Translate, to?: string): Promise<SandboxView>;
  /** @throws NotFound */
  readMail(id: string): Promise<SandboxMail>;
  /** Either by an ISO 8601 duration, or to a time. → what the clock says then. @throws ValidationFailed */
  turn(by: { advance: string } | { set: string }, staff: StaffActor): Promise<Date>;
  /** @throws ValidationFailed */
  armFault(fault: SandboxFault, staff: StaffActor): Promise<void>;
  clearFaults(staff: StaffActor): Promise<void>;
}

const shownMails = 50;
const shownOrders = 20;

export function createPanelControls(
  services: Services,
  { clock, mailbox, control }: { clock: ClockControl; mailbox: Mailbox; control: PaypalControl },
): SandboxPanel {
  const recorded = (action: string, staff: StaffActor, before: object | null, after: object | null) =>
    services.db.transaction((tx) =>
      recordAudit(tx, {
        staffId: staff.staffId,
        actor: staff.name,
        address: staff.address,
        action: `sandbox.${action}`,
        subjectType: 'sandbox',
        subjectId: action === 'turn' ? 'clock' : 'paypal',
        before,
        after,
        now: clock.now(),
      }),
    );
  return {
    async read(t, to) {
      const [mails, faults, orders] = await Promise.all([
        mailbox.list({ to, limit: shownMails }),
        control.listFaults(),
        control.listOrders(shownOrders),
      ]);
      return {
        now: clock.now(),
        real: systemClock.now(),
        steps: steps.map((value) => ({ value, label: t(`sandbox:clock.step.${value}`) })),
        faultGroups: faultGroups(t),
        armed: armedFaults(faults, t),
        orders: orders.map(({ order }) => order.id),
        mails: mails.map(({ id, to: address, subject, template, sent_at: sentAt }) => {
          return { id, to: address, subject, template, sentAt };
        }),
      };
    },
    async readMail(id) {
      const mail = uuid.safeParse(id).success ? await mailbox.find(id) : null;
      if (mail === null) throw new NotFound('There is no such mail.');
      return { id: mail.id, to: mail.to, subject: mail.subject, sentAt: mail.sent_at, text: mail.text };
    },
    async turn(by, staff) {
      const before = clock.now();
      const now = 'advance' in by ? await clock.advance(by.advance) : await clock.set(by.set);
      await recorded('turn', staff, { now: before }, { now });
      return now;
    },
    async armFault(fault, staff) {
      await recorded('armFault', staff, null, await control.armFault(fault));
    },
    async clearFaults(staff) {
      const before = await control.listFaults();
      await control.clearFaults();
      await recorded('clearFaults', staff, { faults: before }, null);
    },
  };
}
