import { existsSync } from 'node:fs';
import path from 'node:path';

/** Programs that some tests need and a newcomer's machine may lack. */
const programs = {
  redis: ['redis-server'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'chrome'],
  nginx: ['nginx'],
} as const;

export type Service = keyof typeof programs;

// sbin is where Debian keeps nginx, and no ordinary user has it in the path.
const directories = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];

export function findProgram(service: Service): string | undefined {
  return programs[service]
    .flatMap((name) => directories.map((directory) => path.join(directory, name)))
    .find((file) => existsSync(file));
}

/**
 * In a `describe`: its tests are skipped where the program is missing, and fail there under REQUIRE_ALL=1, so that a
 * machine that should have everything cannot pass by skipping.
 */
export function requireService(service: Service): void {
  before(`needs ${service}`, function () {
    if (findProgram(service) !== undefined) return;
    if (process.env.REQUIRE_ALL === '1') throw new Error(`${service} is not installed, and REQUIRE_ALL=1`);
    this.skip();
  });
}

/** @throws Error when it is missing: `requireService` comes first */
export function programOf(service: Service): string {
  const program = findProgram(service);
  if (program === undefined) throw new Error(`${service} is not installed`);
  return program;
}
