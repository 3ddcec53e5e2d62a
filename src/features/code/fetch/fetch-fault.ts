/** Why the code of a repository could not be had. */
export type FetchFaultKind =
  | 'unreachable'
  | 'forbidden-address'
  | 'unauthorized'
  | 'not-found'
  | 'no-git'
  | 'no-branch'
  | 'empty'
  | 'too-large'
  | 'timeout'
  | 'damaged'
  | 'forbidden-path'
  | 'no-room';

/** Ends a fetch. The message is for the person who asked: it names the cause, and never a token. */
export class FetchFault extends Error {
  override readonly name = 'FetchFault';
  readonly kind: FetchFaultKind;

  constructor(kind: FetchFaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

const MEGABYTE = 1024 * 1024;

export function tooLarge(what: string, bytes: number): FetchFault {
  const size = bytes < MEGABYTE ? `${bytes} bytes` : `${Math.floor(bytes / MEGABYTE)} MB`;
  return new FetchFault('too-large', `${what} is larger than ${size}, which is the most that is taken here.`);
}

export function damaged(what: string, cause?: unknown): FetchFault {
  return new FetchFault('damaged', `${what} is damaged and cannot be read.`, { cause });
}
