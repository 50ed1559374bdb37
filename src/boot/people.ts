import { ApiKeys, createApiKey } from '../accounts/api-keys.ts';
import { scopes } from '../accounts/scopes.ts';
import { countStaff, createStaff } from '../accounts/staff.ts';
import { findUserByEmail } from '../accounts/users.ts';
import { registerCustomer } from '../billing/register-customer.ts';
import type { Services } from '../billing/services.ts';
import { readablePassword } from './credentials.ts';
import type { CredentialsFile } from './credentials.ts';

const owner = { email: 'owner@plantain.localhost', name: 'Olive Owner', role: 'owner' } as const;
const demo = { email: 'demo@plantain.localhost', name: 'Dana Demo', locale: 'en' };

/**
 * Puts one owner, one customer and one API key into a database that has nobody, and what opens them into the
 * credentials file: first there, so that a start that is killed half-way is finished by the next one.
 */
export async function ensurePeople(services: Services, file: CredentialsFile): Promise<void> {
  // Web and worker may start at once on the same database and the same file.
  await services.db.exclusively('people', async () => {
    file.refresh();
    await Promise.all([ensureOwner(services, file), ensureCustomer(services, file)]);
    await ensureApiKey(services, file);
  });
}

async function ensureOwner({ clock }: Services, file: CredentialsFile): Promise<void> {
  if ((await countStaff()) > 0) return;
  const staff = file.content.staff ?? { email: owner.email, password: readablePassword() };
  file.update({ staff });
  await createStaff({ ...owner, ...staff, now: clock.now() });
}

async function ensureCustomer(services: Services, file: CredentialsFile): Promise<void> {
  if ((await findUserByEmail(demo.email)) !== null) return;
  const customer = file.content.customer ?? { email: demo.email, password: readablePassword() };
  file.update({ customer });
  await registerCustomer(services, { ...demo, ...customer });
}

async function ensureApiKey({ clock }: Services, file: CredentialsFile): Promise<void> {
  const now = clock.now();
  const { apiKey } = file.content;
  if (apiKey !== undefined && (await isValid(apiKey, now))) return;
  file.update({ apiKey: await createApiKey({ name: 'Default run', scopes: [...scopes], createdBy: null, now }) });
}

async function isValid(apiKey: string, now: Date): Promise<boolean> {
  return new ApiKeys().authenticate(apiKey, now).then(
    () => true,
    () => false,
  );
}
