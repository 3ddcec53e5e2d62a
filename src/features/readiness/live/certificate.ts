import { connect } from 'node:tls';
import type { LiveCheck } from '../check.ts';
import { judge, notApplicable } from '../finding.ts';
import { isProduction } from '../installation.ts';

const LEAST_DAYS = 14;

export const certificate: LiveCheck = {
  id: 'certificate',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'Production is asked by https, with a certificate that is believed and not about to end',
  items: ['S1-128', 'S3-127', 'S3-56'],
  expected: `an https address; a certificate that holds for ${LEAST_DAYS} days more; TLS 1.2 or later`,
  remedy: 'name the address that users have with --url; see deploy/caddy and deploy/nginx',
  validDays: 1,
  run: async ({ url, settings }, signal) => {
    const { protocol, hostname, port } = new URL(url);
    if (protocol !== 'https:') {
      if (settings && !isProduction(settings))
        return notApplicable(`${url} is not https, and this is ${settings.environment}`);
      return judge([`${url} is not https`], '');
    }
    const { promise, resolve, reject } = Promise.withResolvers<{ days: number; version: string | null }>();
    const socket = connect({ host: hostname, port: Number(port || 443), servername: hostname });
    socket.once('error', reject);
    signal.addEventListener('abort', () => socket.destroy(signal.reason), { once: true });
    socket.once('secureConnect', () => {
      const days = (Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / 86_400_000;
      resolve({ days, version: socket.getProtocol() });
      socket.end();
    });
    const { days, version } = await promise;
    const faults: string[] = [];
    if (days < LEAST_DAYS) faults.push(`the certificate ends in ${days.toFixed(0)} days`);
    if (!/TLSv1\.[23]/.test(version ?? '')) faults.push(`it speaks ${version}`);
    return judge(faults, `${version}, the certificate holds for ${days.toFixed(0)} days`);
  },
};
