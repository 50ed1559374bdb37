import type { Credentials } from './credentials.ts';
import { painter } from './terminal.ts';

export interface BannerFacts {
  url: string;
  /** Seconds from the start of the process. */
  readyAfterSeconds: number;
  sandbox: boolean;
  credentials: Readonly<Credentials>;
  credentialsFile: string;
  /** Passwords are for eyes: they are shown on a terminal, and left out where a log might keep them. */
  terminal: boolean;
}

/** The few lines that a newcomer reads when everything runs. */
export function banner(facts: BannerFacts): string[] {
  const { url, credentials, terminal } = facts;
  const paint = painter(terminal);
  const row = (name: string, path: string, note = '') =>
    `  ${paint.bold(name.padEnd(9))}${`${url}${path}`.padEnd(32)} ${paint.dim(note)}`.trimEnd();
  const signIn = (person: Credentials['staff']) => {
    if (person === undefined) return '';
    return terminal ? `${person.email}  ${person.password}` : person.email;
  };
  return [
    '',
    `  ${paint.green('Plantain')} is ready after ${facts.readyAfterSeconds.toFixed(1)} s`,
    '',
    row('Pages', '', signIn(credentials.customer)),
    row('Admin', '/admin', signIn(credentials.staff)),
    row('API', '/api/v1'),
    ...(facts.sandbox ? [row('Sandbox', '/sandbox', 'PayPal simulator, mailbox, clock')] : []),
    '',
    `  Passwords, API key and secrets are in ${facts.credentialsFile}. Ctrl-C stops everything.`,
    '',
  ];
}
