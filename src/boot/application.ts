/** What `main` loads while the database starts. */
export { connectDatabase } from '../db/index.ts';
export { migrate, seed } from '../db/migrate.ts';
export { createSystem } from '../system.ts';
export { ensurePeople } from './people.ts';
