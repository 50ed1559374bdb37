import type { StaffActor } from '../accounts/staff.ts';
import { recordAudit } from '../audit/audit.ts';
import type { Tx } from '../db/index.ts';
import { ValidationFailed } from '../kit/errors.ts';
import { toDecimal, type Money } from '../kit/money.ts';
import {
  archivePrice as archive,
  changePack as changePackTerms,
  changePlan as changePlanTerms,
  createPack,
  createPlan,
  replacePrice,
  type Change,
  type NewPrice,
  type PackTerms,
  type PlanTerms,
} from '../plans/catalog-changes.ts';
import type { PlanPrice } from '../plans/catalog.ts';
import type { Services } from './services.ts';

/** What staff do to what is for sale: each with its entry in the audit log, in one transaction. */

/** → the plan's id. @throws Conflict when the code is taken */
export async function addPlan(
  services: Services,
  { planCode, ...terms }: PlanTerms & { planCode: string },
  staff: StaffActor,
): Promise<string> {
  return recorded(services, staff, 'plan', 'create', async (tx, now) => {
    const { id } = await createPlan(tx, planCode, terms, now);
    return { id, after: { planCode, ...terms } };
  });
}

/** @throws NotFound */
export async function changePlan(services: Services, id: string, terms: PlanTerms, staff: StaffActor): Promise<void> {
  await recorded(services, staff, 'plan', 'change', async (tx, now) => {
    return { id, ...nothingWhenSame(await changePlanTerms(tx, id, terms, now)) };
  });
}

/** → the pack's id. @throws Conflict when the code is taken, ValidationFailed when no gateway takes the amount */
export async function addPack(
  services: Services,
  { packCode, ...terms }: PackTerms & { packCode: string },
  staff: StaffActor,
): Promise<string> {
  mustBePayable(services, terms);
  return recorded(services, staff, 'pack', 'create', async (tx, now) => {
    const { id } = await createPack(tx, packCode, terms, now);
    return { id, after: { packCode, ...terms } };
  });
}

/** @throws NotFound, ValidationFailed when it is for sale and no gateway takes the amount */
export async function changePack(services: Services, id: string, terms: PackTerms, staff: StaffActor): Promise<void> {
  if (terms.isActive) mustBePayable(services, terms);
  await recorded(services, staff, 'pack', 'change', async (tx, now) => {
    return { id, ...nothingWhenSame(await changePackTerms(tx, id, terms, now)) };
  });
}

/**
 * Offers a plan at a new price in the place of the one on sale. → the price's id
 * @throws NotFound, ValidationFailed when no gateway takes the amount
 */
export async function addPrice(services: Services, price: NewPrice, staff: StaffActor): Promise<string> {
  mustBePayable(services, price);
  return recorded(services, staff, 'price', 'create', async (tx, now) => {
    const { price: made, replaced } = await replacePrice(tx, price, now);
    return { id: made.id, before: replaced === null ? null : describe(replaced), after: describe(made) };
  });
}

/** Takes a price off sale; who bought at it keeps it. @throws NotFound, Conflict when it is off sale already */
export async function archivePrice(services: Services, id: string, reason: string, staff: StaffActor): Promise<void> {
  await recorded(services, staff, 'price', 'archive', async (tx, now) => {
    return { id, reason, before: describe(await archive(tx, id, now)) };
  });
}

/** @throws ValidationFailed with what each gateway says, when none takes the amount */
function mustBePayable({ providers }: Services, money: Money): void {
  // The one behind the main button of the checkout.
  const [main] = providers.values();
  const refusal = main?.refusesAmount(money) ?? null;
  if (refusal !== null) throw new ValidationFailed([{ path: 'amount', message: refusal }]);
}

function describe({ id, planId, subscriptionType, currency, amountMinor }: PlanPrice): object {
  return { price: id, plan: planId, subscriptionType, amount: toDecimal({ amountMinor, currency }), currency };
}

/** A form that was saved without a change is no change. */
function nothingWhenSame(change: Change): Partial<Change> {
  return Object.keys(change.after).length === 0 ? {} : change;
}

interface Written {
  id: string;
  reason?: string;
  before?: object | null;
  after?: object | null;
}

async function recorded(
  { db, clock }: Services,
  staff: StaffActor,
  subjectType: 'plan' | 'pack' | 'price',
  verb: 'create' | 'change' | 'archive',
  write: (tx: Tx, now: Date) => Promise<Written>,
): Promise<string> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const { id, reason = null, before = null, after = null } = await write(tx, now);
    if (before === null && after === null) return id;
    await recordAudit(tx, {
      staffId: staff.staffId,
      actor: staff.name,
      address: staff.address,
      action: `${subjectType}.${verb}`,
      subjectType,
      subjectId: id,
      reason,
      before,
      after,
      now,
    });
    return id;
  });
}
