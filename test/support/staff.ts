import { createStaff, type StaffActor, type StaffRole } from '../../src/accounts/staff.ts';
import { newId } from '../../src/kit/ids.ts';
import type { TestApp } from './app.ts';

/** A member of staff as flows know one. */
export async function addStaffActor({ clock }: Pick<TestApp, 'clock'>, role: StaffRole = 'owner'): Promise<StaffActor> {
  const staff = await createStaff({
    email: `${newId()}@plantain.test`,
    name: 'Olive Owner',
    password: 'leaf and tag, green',
    role,
    now: clock.now(),
  });
  return { staffId: staff.id, name: staff.name, address: '127.0.0.1' };
}
