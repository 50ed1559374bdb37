import { ConfigError } from '../config.ts';
import { ExpectedFailure } from '../kit/expected-failure.ts';

/** What the operator is told when the start fails: a sentence where we know why, everything where we do not. */
export function tellFailure(error: unknown): string {
  if (error instanceof ConfigError) return tellProblems(error.problems);
  if (error instanceof ExpectedFailure) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function tellProblems(problems: readonly string[]): string {
  if (problems.length === 1) return `Plantain cannot start: ${problems[0] ?? ''}.`;
  return [
    `Plantain cannot start: ${problems.length} settings are missing or wrong.`,
    ...problems.map((one) => `  ${one}`),
  ].join('\n');
}
