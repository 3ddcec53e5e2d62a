import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';

export const usableSettings: StaticCheck = {
  id: 'usable-settings',
  kind: 'static',
  category: 'security',
  weight: 'blocker',
  title: 'The settings are whole, and none is refused for the environment that they name',
  items: ['S0-31', 'S1-62', 'S1-63', 'S1-66', 'S1-124', 'S2-58', 'S2-77', 'S3-59', 'S3-121'],
  expected: 'no fault in any setting',
  remedy: 'npx parley env lists every fault with its fix',
  validDays: 7,
  command: 'npx parley env',
  run: async ({ faults, settings }) => judge(faults, `usable for ${settings?.environment}`),
};
