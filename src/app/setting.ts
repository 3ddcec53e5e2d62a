import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { readKey } from '../platform/secrets/secret-box.ts';

/** What a setting is, and how its text is read. */

export class SettingFault extends Error {}

export type Setting<Value> = {
  env: string;
  /** Other names that mean the same; the first that is set counts. */
  aliases?: readonly string[];
  /** Reads the text; throws SettingFault with what would be right. */
  read(text: string): Value;
  /** The value when nothing is set; may depend on the environment the program runs in. */
  fallback: Value;
  description: string;
  /** How the default is written in `.env.example`. */
  example: string;
  secret?: boolean;
};

export const text = (value: string): string => value;

export function integer(minimum: number, maximum: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= minimum && number <= maximum)) {
      throw new SettingFault(`must be a whole number from ${minimum} to ${maximum}`);
    }
    return number;
  };
}

/** A decimal number without exponent. */
export function decimal(minimum: number, maximum: number): (value: string) => number {
  return (value) => {
    const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= minimum && number <= maximum)) {
      throw new SettingFault(`must be a number from ${minimum} to ${maximum}`);
    }
    return number;
  };
}

export function oneOf<const Values extends readonly string[]>(...values: Values): (value: string) => Values[number] {
  return (value) => {
    const found = values.find((allowed) => allowed.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw new SettingFault(`must be one of ${values.join(', ')}`);
    return found;
  };
}

export function boolean(value: string): boolean {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  if (/^(false|0|no|off)$/i.test(value)) return false;
  throw new SettingFault('must be true or false');
}

export function url(...protocols: readonly string[]): (value: string) => string {
  return (value) => {
    const parsed = URL.canParse(value) ? new URL(value) : null;
    if (!parsed || !protocols.includes(parsed.protocol)) {
      throw new SettingFault(
        `must be an address that starts with ${protocols.map((name) => `${name}//`).join(' or ')}`,
      );
    }
    return value.replace(/\/+$/, '');
  };
}

/** A comma-separated list, or a JSON list of texts. */
export function list(value: string): readonly string[] {
  if (!value.trim().startsWith('['))
    return value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed) && parsed.every((part) => typeof part === 'string'))
      return parsed.map((part) => part.trim());
  } catch {
    // Falls through to the same fault as a list of other things.
  }
  throw new SettingFault('must be a comma-separated list or a JSON list of texts');
}

const HOST = /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;

/** Absolute paths, joined by commas. */
export function folders(value: string): readonly string[] {
  const parts = list(value);
  const wrong = parts.find((part) => !isAbsolute(part));
  if (wrong === undefined) return parts;
  throw new SettingFault(`has "${wrong}", which is no absolute path`);
}

export function hosts(value: string): readonly string[] {
  const parts = list(value);
  const wrong = parts.find((part) => !HOST.test(part) && isIP(part.replace(/^\[|\]$/g, '')) === 0);
  if (wrong === undefined) return parts;
  throw new SettingFault(`has "${wrong}", which is no host name; write it without scheme, port or path`);
}

const NETWORK_NAMES = new Set(['loopback', 'linklocal', 'uniquelocal']);

export function networks(value: string): readonly string[] {
  const parts = list(value);
  const wrong = parts.find((part) => !NETWORK_NAMES.has(part) && !isNetwork(part));
  if (wrong === undefined) return parts;
  throw new SettingFault(`has "${wrong}", which is no address or network; write it like 10.0.0.0/8 or 192.168.0.7`);
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return (
    more.length === 0 && longest >= 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest))
  );
}

/** Names as `hosts` has them, and addresses or networks. */
export function hostsAndNetworks(value: string): readonly string[] {
  const parts = list(value);
  const wrong = parts.find((part) => !HOST.test(part) && !isNetwork(part));
  if (wrong === undefined) return parts;
  throw new SettingFault(`has "${wrong}"; write a host name, an address or a network such as 10.0.0.0/8`);
}

/** Says how many it is, never what it is. */
export function secretKeys(value: string): readonly Buffer[] {
  const keys = list(value).map(readKey);
  const wrong = keys.indexOf(null);
  if (wrong === -1) return keys as Buffer[];
  throw new SettingFault(`has a ${wrong + 1}. key that is not 32 bytes in base64; make one: openssl rand -base64 32`);
}

export function setting<Value>(
  env: string,
  read: (value: string) => Value,
  fallback: Value,
  description: string,
  more: Partial<Pick<Setting<Value>, 'aliases' | 'secret' | 'example'>> = {},
): Setting<Value> {
  const example = fallback === null ? '' : Array.isArray(fallback) ? fallback.join(',') : String(fallback);
  return { env, read, fallback, description, example, ...more };
}

export const MOST_ACTS = 1_000_000_000;

export function perMinute(env: string, fallback: number, description: string): Setting<number> {
  return setting(env, integer(1, MOST_ACTS), fallback, description);
}
