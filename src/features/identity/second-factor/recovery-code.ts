import { createHash, randomInt } from 'node:crypto';

/** Without letters and digits that are taken for each other. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';
const GROUPS = 4;
const GROUP_LENGTH = 4;
const COUNT = 10;

/** Ten codes of 79 random bits each, good once: nobody can guess one, nor find it from its hash. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: COUNT }, () => Array.from({ length: GROUPS }, group).join('-'));
}

function group(): string {
  return Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** As people type it: case, spaces and hyphens do not matter. */
export function hashRecoveryCode(typed: string): string {
  const code = typed.toLowerCase().replaceAll(/[\s-]/g, '');
  return createHash('sha256').update(`recovery-code:${code}`).digest('base64url');
}
