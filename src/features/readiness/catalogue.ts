import type { Check } from './check.ts';
import { killInMidAnswer } from './drill/kill-in-mid-answer.ts';
import { closedToForeignOrigins } from './live/closed-to-foreign-origins.ts';
import { health } from './live/health.ts';
import { securityHeaders } from './live/security-headers.ts';
import { usableSettings } from './static/usable-settings.ts';

/** Every check, in the order in which they run: what is quick and harmless first. */
export const catalogue: readonly Check[] = [
  usableSettings,
  health,
  securityHeaders,
  closedToForeignOrigins,
  killInMidAnswer,
];
