import fc from 'fast-check';

/** What a property test plays: a list of steps, and maybe where they begin. */
interface Steps {
  steps: unknown[];
}

interface Game<Sequence extends Steps> {
  sequences: fc.Arbitrary<Sequence>;
  /** @throws Error that says what went wrong */
  play(sequence: Sequence): Promise<void>;
  /** As a story, a line for each step. */
  tell(sequence: Sequence): string;
  /** The test file, for the line that says how to play it again. */
  file: string;
  limitMs: number;
}

/** How many sequences are played: MODEL_RUNS, else 100. */
export function randomRuns(): number {
  return Number(process.env.MODEL_RUNS ?? 100);
}

/**
 * Plays `randomRuns` random sequences. Without MODEL_RUNS they are the same each time, so that a change is judged by what
 * it changes; MODEL_SEED and MODEL_PATH play a certain one again.
 * @throws Error that tells the first which fails, cut down to the steps that it needs
 */
export async function playRandomly<Sequence extends Steps>(game: Game<Sequence>): Promise<void> {
  const { MODEL_RUNS, MODEL_PATH: path } = process.env;
  const seed = process.env.MODEL_SEED ?? (MODEL_RUNS === undefined ? '1' : undefined);
  const property = fc.asyncProperty(game.sequences, (sequence) => game.play(sequence));
  const outcome = await fc.check(property, {
    numRuns: randomRuns(),
    interruptAfterTimeLimit: game.limitMs,
    markInterruptAsFailure: true,
    // Cutting steps out of a sequence is left to `cutDown`.
    endOnFailure: true,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  });
  if (outcome.failed) throw new Error(await report(game, outcome));
}

async function report<Sequence extends Steps>(
  game: Game<Sequence>,
  { seed, counterexample, counterexamplePath: path, errorInstance, numRuns }: fc.RunDetails<[Sequence]>,
): Promise<string> {
  const [sequence] = counterexample ?? [];
  if (sequence === undefined) return `Only ${numRuns} sequences were played in the time that was given.`;
  const shortest = await cutDown(game, sequence, messageOf(errorInstance));
  return [
    `Sequence ${numRuns} failed. Of its ${sequence.steps.length} steps these are enough:`,
    game.tell(shortest.sequence),
    '',
    shortest.breach,
    '',
    `To play all of it again: MODEL_SEED=${seed} MODEL_PATH=${path ?? ''} npx mocha ${game.file}`,
    `To keep it as an example: ${JSON.stringify(shortest.sequence)}`,
  ].join('\n');
}

/** Leaves out, from the last to the first, each step without which it still fails. */
async function cutDown<Sequence extends Steps>(
  { play }: Pick<Game<Sequence>, 'play'>,
  sequence: Sequence,
  breach: string,
): Promise<{ sequence: Sequence; breach: string }> {
  let shortest = { sequence, breach };
  for (const step of sequence.steps.toReversed()) {
    const fewer = { ...sequence, steps: shortest.sequence.steps.filter((other) => other !== step) };
    const still = await failureOf(play, fewer);
    if (still !== null) shortest = { sequence: fewer, breach: still };
  }
  return shortest;
}

/** What runs at once does not fail each time. */
const tries = 3;

async function failureOf<Sequence>(
  play: (sequence: Sequence) => Promise<void>,
  sequence: Sequence,
): Promise<string | null> {
  for (let nth = 0; nth < tries; nth += 1) {
    const failure = await play(sequence).then(() => null, messageOf);
    if (failure !== null) return failure;
  }
  return null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
