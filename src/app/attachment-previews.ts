import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { PreviewSeal } from '../protocols/chatkit/dependencies.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Addresses that carry their own leave: tenant, file and last day, signed. A browser's `<img>` sends no credential, so that
 * whoever has the address sees the picture, for one to two days. Within a day a file has one address, for its cache.
 */
export function attachmentPreviews(secretKey: string, clock: Clock): PreviewSeal {
  const sign = (payload: string) => createHmac('sha256', secretKey).update(`attachment-preview\n${payload}`).digest();
  return {
    seal({ id, slug }, attachmentId) {
      const lastDay = Math.floor(clock.now().getTime() / DAY_MS) + 1;
      const payload = Buffer.from(JSON.stringify([id, slug, attachmentId, lastDay])).toString('base64url');
      return `${payload}.${sign(payload).toString('base64url')}`;
    },
    open(sealed) {
      const [payload = '', signature = ''] = sealed.split('.');
      const [given, right] = [Buffer.from(signature, 'base64url'), sign(payload)];
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
      const [id, slug, attachmentId, lastDay] = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as [
        string,
        string,
        string,
        number,
      ];
      if (Math.floor(clock.now().getTime() / DAY_MS) > lastDay) return null;
      return { tenant: { id, slug }, attachmentId };
    },
  };
}
