import { v7, validate } from 'uuid';

/** A new UUIDv7: ordered by time of creation, so that primary keys grow at one end of their index. */
export function newId(): string {
  return v7();
}

export function isId(value: string): boolean {
  return validate(value);
}
