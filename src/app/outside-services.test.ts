import { describe, expect, test } from 'vitest';
import { ModelError } from '../ai/chat-model.ts';
import { type OauthProvider, OauthRefusedError } from '../features/identity/index.ts';
import type { Mailer } from '../platform/mail/mailer.ts';
import { CircuitOpen } from '../platform/resilience/circuit-breaker.ts';
import { createOutside } from '../platform/resilience/outside.ts';
import type { ObjectStorage } from '../platform/storage/object-storage.ts';
import { outsideMailer, outsideProvider, outsideStorage, outsideTranscriber } from './outside-services.ts';

const mail = { to: 'ada@example.com', subject: 'Hello', text: 'Hello' };
const flow = { redirectUri: 'https://x.example', state: 's', nonce: 'n', codeVerifier: 'v' };

/** Calls until the circuit opens; how often the service itself was reached. */
async function callUntilOpen(call: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 0; tries < 50; tries += 1) {
    const error = await call().catch((thrown: unknown) => thrown);
    if (error instanceof CircuitOpen) return error;
  }
  return 'never open';
}

describe('a service outside', () => {
  test('that takes no mail is left alone after some failures, and its state is told', async () => {
    const outside = createOutside();
    let reached = 0;
    const broken: Mailer = {
      send: () => {
        reached += 1;
        return Promise.reject(new Error('away'));
      },
      close: () => undefined,
    };
    const mailer = outsideMailer(broken, outside);
    const opened = await callUntilOpen(() => mailer.send(mail, new AbortController().signal));
    expect(opened).toBeInstanceOf(CircuitOpen);
    expect(reached).toBe(5);
    expect(outside.states()).toMatchObject([{ name: 'mail', kind: 'mail', circuit: 'open' }]);
  });

  test('that refuses sign-ins works, and one that is away is left alone', async () => {
    const outside = createOutside();
    const providerThat = (error: Error): OauthProvider => ({
      name: 'oidc',
      label: 'Test',
      authorizationUrl: async () => 'https://provider.example',
      identify: () => Promise.reject(error),
    });
    const identify = (error: Error) => () =>
      outsideProvider(providerThat(error), outside).identify(flow, new URLSearchParams());
    expect(await callUntilOpen(identify(new OauthRefusedError('access_denied')))).toBe('never open');
    expect(await callUntilOpen(identify(new Error('ECONNREFUSED')))).toBeInstanceOf(CircuitOpen);
  });

  test('that writes speech down is left alone when it is broken, not when it refuses', async () => {
    const outside = createOutside();
    const speech = { bytes: Buffer.from('x'), mediaType: 'audio/webm' };
    const failing = (kind: 'unavailable' | 'unauthorized') =>
      outsideTranscriber({ id: 'openai/ears', transcribe: () => Promise.reject(new ModelError(kind, kind)) }, outside);
    const transcribe = (kind: 'unavailable' | 'unauthorized') => () =>
      failing(kind)
        .transcribe(speech, new AbortController().signal)
        .catch((error: unknown) => Promise.reject(error instanceof ModelError ? (error.cause ?? error) : error));
    expect(await callUntilOpen(transcribe('unauthorized'))).toBe('never open');
    expect(await callUntilOpen(transcribe('unavailable'))).toBeInstanceOf(CircuitOpen);
    expect(outside.states()).toMatchObject([{ name: 'model:transcription', circuit: 'open' }]);
  });

  test('that keeps objects is asked again; a folder is not outside', async () => {
    const outside = createOutside();
    let failures = 1;
    const storage = (location: string): ObjectStorage => ({
      location,
      put: async () => undefined,
      get: async () => {
        failures -= 1;
        if (failures >= 0) throw new Error('503 Slow Down');
        return Buffer.from('kept');
      },
      delete: async () => undefined,
      list: async function* list() {},
    });
    expect(String(await outsideStorage(storage('s3://bucket/cold'), outside).get('a'))).toBe('kept');
    expect(outside.states().map(({ name }) => name)).toEqual(['bucket:bucket']);
    const folder = storage('/var/cold');
    expect(outsideStorage(folder, outside)).toBe(folder);
  });

  test('that breaks off in the middle of a list is asked again for what was not told yet', async () => {
    const outside = createOutside();
    const keys = Array.from({ length: 2_500 }, (_, index) => `k${String(index).padStart(5, '0')}`);
    const faults = new Set(['k00500', 'k01500']);
    const bucket = (broken: boolean): ObjectStorage => ({
      location: 's3://bucket/cold',
      put: async () => undefined,
      get: async () => null,
      delete: async () => undefined,
      list: async function* list(_prefix, after = '') {
        for (const key of keys.filter((candidate) => candidate > after)) {
          if (broken || faults.delete(key)) throw new Error('503 Slow Down');
          yield key;
        }
      },
    });
    const list = (storage: ObjectStorage) => Array.fromAsync(outsideStorage(storage, outside).list(''));
    expect(await list(bucket(false))).toEqual(keys);
    expect(faults.size).toBe(0);
    expect(await callUntilOpen(() => list(bucket(true)))).toBeInstanceOf(CircuitOpen);
    expect(outside.states()).toMatchObject([{ name: 'bucket:bucket', circuit: 'open' }]);
  }, 60_000);
});
