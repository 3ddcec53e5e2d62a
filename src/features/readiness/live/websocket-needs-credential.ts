import type { LiveCheck } from '../check.ts';
import { judge } from '../finding.ts';

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'cmVhZGluZXNzIHByb2JlIQ==',
} as const;
const PATHS = ['/v1/ws/chat', '/ws/chat', '/v1/ws/chat?token=garbage'];

export const webSocketNeedsCredential: LiveCheck = {
  id: 'websocket-needs-credential',
  kind: 'live',
  category: 'security',
  weight: 'blocker',
  title: 'A WebSocket without a good credential is refused before it is opened',
  items: ['S1-6', 'S1-11', 'S1-12'],
  expected: '401 instead of 101 at the chat address, new and old',
  remedy: 'report it as SECURITY.md says',
  validDays: 7,
  run: async ({ ask }) => {
    const faults: string[] = [];
    for (const path of PATHS) {
      const { status } = await ask(path, { headers: UPGRADE });
      if (status !== 401) faults.push(`${path} answers ${status}`);
    }
    return judge(faults, `${PATHS.length} upgrades refused by 401`);
  },
};
