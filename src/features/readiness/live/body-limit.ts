import type { LiveCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { JSON_BODY } from '../target.ts';
import { problemFaults } from './problem-faults.ts';

const MOST = 100 * 1024 * 1024;

export const bodyLimit: LiveCheck = {
  id: 'body-limit',
  kind: 'live',
  category: 'security',
  weight: 'major',
  title: 'A body that is larger than any that is meant is refused before it is read',
  items: ['S3-57', 'S0-2'],
  expected: '413 as a problem document, from the announced length alone',
  remedy: 'look at BODY_LIMIT_BYTES, and at the proxy’s own limit, which must not be lower than UPLOAD_LIMIT_BYTES',
  validDays: 7,
  run: async ({ ask, settings }) => {
    const size = Math.min((settings?.bodyLimit ?? 1024 * 1024) * 2, MOST);
    const answer = await ask('/v1/auth/refresh', {
      method: 'POST',
      headers: JSON_BODY,
      body: `{"a":"${'x'.repeat(size)}"}`,
    }).catch((error: NodeJS.ErrnoException) => {
      // A server that has answered and closed may reset what still comes.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return null;
      throw error;
    });
    if (answer === null) return judge([], `${size} bytes were cut off`);
    const faults =
      answer.status === 413 ? problemFaults('the refusal', answer) : [`${size} bytes are answered by ${answer.status}`];
    return judge(faults, `${size} bytes are refused`);
  },
};
