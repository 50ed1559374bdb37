import type { Staff, StaffActor, StaffRole } from '../accounts/staff.ts';
import type { Locale } from '../kit/i18n.ts';

/** Who works in the panel, as its pages know them; AdminJS calls it the current admin. */
export interface StaffMember {
  id: string;
  email: string;
  name: string;
  role: StaffRole;
  locale: Locale;
}

export function toMember({ id, email, name, role }: Staff, locale: Locale): StaffMember {
  return { id, email, name, role, locale };
}

export function toActor({ id, name }: StaffMember, address: string | undefined): StaffActor {
  return { staffId: id, name, address: address ?? null };
}
