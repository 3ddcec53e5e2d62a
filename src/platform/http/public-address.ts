import { BlockList, isIP } from 'node:net';

/** Networks that are not the public internet: IANA's special-purpose registries of IPv4 and IPv6. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local; the clouds' metadata services are in it, at 169.254.169.254.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  // Multicast, reserved, broadcast.
  '224.0.0.0/3',
];

/** Of IPv6 only 2000::/3 is public, but for these. Those that carry an IPv4 address within (6to4, Teredo, NAT64) could lead
 * to any, so they are refused wholly. */
const PUBLIC_IPV6 = '2000::/3';
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const specialIpv4 = blockListOf(SPECIAL_IPV4);
const publicIpv6 = blockListOf([PUBLIC_IPV6]);
const specialIpv6 = blockListOf(SPECIAL_IPV6);

/** Whether an address is one of the public internet, which anybody may be sent to. */
export function isPublicAddress(address: string): boolean {
  const bare = withoutZone(address);
  const version = isIP(bare);
  if (version === 4) return !specialIpv4.check(bare, 'ipv4');
  // An IPv4 address that is written as an IPv6 one (::ffff:a.b.c.d) is not in 2000::/3, so it is refused whatever it is.
  return version === 6 && publicIpv6.check(bare, 'ipv6') && !specialIpv6.check(bare, 'ipv6');
}

/** Hosts that may be called although they are not public: names, `*.` and names, addresses, networks. */
export type HostAllowList = {
  hasName(hostname: string): boolean;
  hasAddress(address: string): boolean;
};

export function hostAllowList(entries: readonly string[]): HostAllowList {
  const isNetwork = (entry: string) => isIP(withoutZone(entry.split('/')[0] ?? '')) !== 0;
  const networks = blockListOf(entries.filter(isNetwork).map((entry) => (entry.includes('/') ? entry : single(entry))));
  const names = entries.filter((entry) => !isNetwork(entry)).map((entry) => entry.toLowerCase());
  return {
    hasName: (hostname) => {
      const name = hostname.toLowerCase();
      return names.some((allowed) => (allowed.startsWith('*.') ? name.endsWith(allowed.slice(1)) : name === allowed));
    },
    hasAddress: (address) => {
      const bare = withoutZone(address);
      return isIP(bare) !== 0 && networks.check(bare, isIP(bare) === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

function single(address: string): string {
  return `${address}/${isIP(address) === 4 ? 32 : 128}`;
}

function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? '';
}
