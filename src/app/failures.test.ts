import { expect, test } from 'vitest';
import { ConfigError } from './config.ts';
import { CommandError, EXIT, explain } from './failures.ts';

const withFields = (message: string, fields: object) => Object.assign(new Error(message), fields);

test.each([
  [new CommandError('There is no folder "x".'), EXIT.usage, 'There is no folder "x".'],
  [new ConfigError(['PORT must be a number.']), EXIT.config, 'PORT must be a number.'],
  [
    withFields('listen', { code: 'EADDRINUSE', port: 8000, address: '::1' }),
    EXIT.unavailable,
    'Port 8000 on ::1 is in use',
  ],
  [withFields('listen', { code: 'EACCES', port: 80 }), EXIT.unavailable, 'Set PORT to 1024 or above'],
  [withFields('listen', { code: 'EADDRNOTAVAIL', address: '10.9.9.9' }), EXIT.config, 'Set HOST to one that it has'],
  [withFields('connect', { code: 'ECONNREFUSED' }), EXIT.unavailable, 'The database does not answer (ECONNREFUSED)'],
  [
    withFields('the database system is starting up', { code: '57P03' }),
    EXIT.unavailable,
    '(the database system is starting up)',
  ],
  [withFields('extension "vector" is not available', { code: '0A000' }), EXIT.config, 'has no pgvector'],
  [withFields('permission denied to create extension "vector"', { code: '42501' }), EXIT.config, 'has no pgvector'],
  [withFields('permission denied to create role', { code: '42501' }), EXIT.config, 'ALTER ROLE … CREATEROLE'],
  [withFields('permission denied for database parley', { code: '42501' }), EXIT.config, 'ALTER DATABASE'],
])('a person is told what to do: %s', (error, exitCode, words) => {
  const told = explain(error);
  expect(told.exitCode).toBe(exitCode);
  expect(told.message).toContain(words);
  expect(told.message).not.toContain('.ts:');
});

test('a fault of ours comes with its stack, for whoever mends it', () => {
  const told = explain(new TypeError('x is not a function'));
  expect(told.exitCode).toBe(EXIT.internal);
  expect(told.message).toContain('failures.test.ts');
});

test('whatever else was thrown is said as it is', () => {
  expect(explain('a text')).toEqual({ message: 'a text', exitCode: EXIT.internal });
});
