import { existsSync } from 'node:fs';
import { loadConfig } from '../config.ts';
import type { Config } from '../config.ts';

/** Settings from the environment, completed by a file `.env` where one is there. @throws ConfigError */
export function readSettings(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return loadConfig();
}
