import { expect, test } from 'vitest';
import { formatUsd } from './money.ts';

test.each([
  [0, '$0.00'],
  [12.345, '$12.35'],
  [0.01, '$0.01'],
  [0.000_418, '$0.00042'],
])('%d US dollars are shown as %s', (usd, shown) => expect(formatUsd(usd)).toBe(shown));
