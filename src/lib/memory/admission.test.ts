import { expect, test } from 'vitest';
import { admit, explicitness } from './admission.ts';

test.each([
  ['Hi there!', 'greeting'],
  ['Thanks a lot', 'greeting'],
  ['Guten Tag', 'greeting'],
  ['Is there anything else I can help you with?', 'boilerplate'],
  ['I found nothing about that in your documents.', 'boilerplate'],
  ['Please forget my name.', 'boilerplate'],
  ['…', 'empty'],
  ['   ', 'empty'],
  ['From what I remember: Your name is Ann.', 'recalled'],
  ['<memories>\nAnn lives in Rome.\n</memories>', 'recalled'],
  ['<memories>\nAnn lives in Rome, and this block never ends', 'recalled'],
])('%s is kept out: %s', (text, noise) => {
  expect(admit(text).noise).toBe(noise);
});

test.each([
  'Hi, my name is Ann.',
  'No, thanks: I am allergic to nuts.',
  'good morning at the harbour',
  'Yes, on Tuesday.',
  'I forgot my keys.',
])('%s is let in as it is', (text) => {
  expect(admit(text)).toEqual({ content: text, noise: null });
});

test('what came out of memory is cut out, and the rest stays', () => {
  const marked = 'Yes.\n<memories>\nAnn lives in Rome.\n</memories>\nThe train leaves at nine.';
  expect(admit(marked).content).not.toContain('Rome');
  expect(admit(marked).content).toContain('The train leaves at nine.');
  const echoed = admit('You live in Rome. The weather there is fine.', ['Ann said: you live in Rome']);
  expect(echoed).toEqual({ content: 'The weather there is fine.', noise: null });
  expect(admit('You live in Rome.', ['You live in Rome.']).noise).toBe('recalled');
});

test.each([
  ['Remember that the pin is 1234.', 1],
  ['Please don’t forget: the rent is due.', 1],
  ['Do you remember when we met?', 0],
  ['I remember the lake.', 0],
])('"%s" asks to be remembered: %d', (text, expected) => {
  expect(explicitness(text)).toBe(expected);
});
