import { expect, test } from 'vitest';
import { storable } from './storable.ts';

test('what is stored holds nothing that PostgreSQL refuses', () => {
  expect(storable({ 'a\0': ['\ud800', 1, null, { b: 'c\0' }] })).toEqual({
    'a\ufffd': ['\ufffd', 1, null, { b: 'c\ufffd' }],
  });
});
