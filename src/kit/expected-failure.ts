/**
 * Something outside the program keeps it from starting: a taken port, a locked data directory, a broken setting.
 * Its message is one sentence that tells the operator what to do; `main` prints it without a stack trace.
 */
export class ExpectedFailure extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'ExpectedFailure';
  }
}
