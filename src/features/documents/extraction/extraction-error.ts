import type { ExtractionFailure } from './extracted-document.ts';

/** Ends the reading of a file. The message is the sentence that a person gets. */
export class ExtractionError extends Error {
  override readonly name = 'ExtractionError';
  readonly failure: ExtractionFailure;

  constructor(failure: ExtractionFailure, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.failure = failure;
  }
}

export function passwordProtected(what: string): ExtractionError {
  return new ExtractionError(
    'password-protected',
    `This ${what} is protected by a password. Remove the password and upload it again.`,
  );
}

export function damaged(what: string, cause?: unknown): ExtractionError {
  return new ExtractionError(
    'damaged',
    `This ${what} is damaged and cannot be read. Open it in the program that made it, save it anew and upload that copy.`,
    { cause },
  );
}
