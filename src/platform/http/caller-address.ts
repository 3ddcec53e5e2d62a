import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

const MAPPED_IPV4 = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/** Whom a request is counted under: its address as far as trusted proxies tell it, else the connection's own. */
export function callerAddress({ ip, socket }: FastifyRequest): string {
  return addressKey(ip) ?? addressKey(socket.remoteAddress ?? '') ?? 'local';
}

/**
 * What requests of an address are counted under: an IPv4 address, or the /64 network of an IPv6 one, because whoever has
 * one address of it has them all. Null for what is no address.
 */
export function addressKey(address: string): string | null {
  const bare = address.split('%', 1)[0] ?? '';
  const version = isIP(bare);
  if (version === 4) return bare;
  if (version === 0) return null;
  // The URL parser writes every form of an IPv6 address in the same way.
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = MAPPED_IPV4.exec(canonical);
  return mapped ? ipv4Of(mapped) : `${firstGroups(canonical)}::/64`;
}

function ipv4Of([, high = '0', low = '0']: RegExpExecArray): string {
  const bits = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

function firstGroups(canonical: string): string {
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
