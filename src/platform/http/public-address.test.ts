import { describe, expect, test } from 'vitest';
import { hostAllowList, isPublicAddress } from './public-address.ts';

test.each(['1.1.1.1', '93.184.216.34', '172.15.255.255', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::200e'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each([
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['loopback', '::1'],
  ['unspecified', '0.0.0.0'],
  ['unspecified', '::'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '192.168.1.1'],
  ['carrier', '100.64.0.1'],
  ['link-local', '169.254.1.1'],
  ['metadata', '169.254.169.254'],
  ['metadata of Alibaba', '100.100.100.200'],
  ['metadata by IPv6', 'fd00:ec2::254'],
  ['link-local by IPv6', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['unique local', 'fc00::1'],
  ['mapped loopback', '::ffff:127.0.0.1'],
  ['mapped loopback in hex', '::ffff:7f00:1'],
  ['mapped public, which nobody needs', '::ffff:1.1.1.1'],
  ['compatible', '::127.0.0.1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['6to4 of a private one', '2002:0a00:0001::1'],
  ['Teredo', '2001:0:4136:e378::1'],
  ['documentation', '2001:db8::1'],
  ['multicast', '224.0.0.1'],
  ['multicast by IPv6', 'ff02::1'],
  ['broadcast', '255.255.255.255'],
  ['no address', 'localhost'],
  ['a number', '2130706433'],
  ['octal', '0177.0.0.1'],
])('%s %s is not', (_name, address) => expect(isPublicAddress(address)).toBe(false));

describe('an allow-list', () => {
  const list = hostAllowList(['intranet.example.com', '*.corp.example.com', '10.1.0.0/16', '127.0.0.1', 'fd00::/8']);

  test.each(['intranet.example.com', 'INTRANET.example.com', 'a.corp.example.com', 'a.b.corp.example.com'])(
    'has the name %s',
    (name) => expect(list.hasName(name)).toBe(true),
  );
  test.each(['corp.example.com', 'xcorp.example.com', 'intranet.example.com.evil.com', 'example.com'])(
    'has not the name %s',
    (name) => expect(list.hasName(name)).toBe(false),
  );
  test.each(['10.1.2.3', '127.0.0.1', 'fd00::1'])('has %s', (address) => expect(list.hasAddress(address)).toBe(true));
  test.each(['10.2.0.1', '127.0.0.2', 'fe80::1', 'localhost'])('has not %s', (address) =>
    expect(list.hasAddress(address)).toBe(false),
  );
});
