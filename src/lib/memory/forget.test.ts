import { expect, test } from 'vitest';
import { forgetRequestOf } from './forget.ts';

test.each([
  ['Forget that.', { what: 'last' }],
  ['please forget what I just said', { what: 'last' }],
  ['Don’t remember this, please.', { what: 'last' }],
  ['Forget everything you know about me', { what: 'everything' }],
  ['Please forget my name.', { what: 'about', topic: 'my name' }],
  ['Forget that I live in Oslo', { what: 'about', topic: 'I live in Oslo' }],
  ['Can you erase everything about my sister', { what: 'about', topic: 'my sister' }],
])('"%s" asks to forget', (text, request) => {
  expect(forgetRequestOf(text)).toEqual(request);
});

test.each(['Forget it.', 'I forgot my keys.', 'Did you forget that?', 'Never forget to lock up', 'Forget about it'])(
  '"%s" does not',
  (text) => {
    expect(forgetRequestOf(text)).toBeNull();
  },
);
