import { expect, test } from 'vitest';
import { addressKey } from './caller-address.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['::FFFF:255.255.255.255', '255.255.255.255'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts under %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test.each(['', 'unknown', '192.0.2.7:443', '192.0.2', '[2001:db8::1]', '2001:db8::1::', "'; DROP TABLE"])(
  '"%s" is no address',
  (text) => {
    expect(addressKey(text)).toBeNull();
  },
);
