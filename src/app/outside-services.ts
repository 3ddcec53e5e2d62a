import { join } from 'node:path';
import { ModelError } from '../ai/chat-model.ts';
import { isProviderFault, pausedError } from '../ai/resilience/model-faults.ts';
import type { Transcriber } from '../ai/transcriber.ts';
import { type OauthProvider, OauthRefusedError } from '../features/identity/index.ts';
import type { Mailer } from '../platform/mail/mailer.ts';
import { BulkheadFull } from '../platform/resilience/bulkhead.ts';
import { CircuitOpen } from '../platform/resilience/circuit-breaker.ts';
import {
  type Outside,
  type OutsideEvents,
  type OutsideService,
  OutsideTimeout,
  READ_RETRIES,
} from '../platform/resilience/outside.ts';
import type { ObjectStorage } from '../platform/storage/object-storage.ts';
import { createObjectStorage } from '../platform/storage/open-storage.ts';
import type { Logger } from '../platform/telemetry/log.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { Config } from './config.ts';

/** The same ports, each call of which goes through `outside`: with a time limit, a circuit, and so many at once. */

const MAIL: OutsideService = { name: 'mail', kind: 'mail', timeout: 30_000, most: 4 };
/** The providers' own clients give up after 10 s for each of their requests. */
const OAUTH_TIMEOUT_MS = 30_000;
/** An object is some megabytes. */
const BUCKET_TIMEOUT_MS = 60_000;
/** Its client gives up before. */
const TRANSCRIPTION_TIMEOUT_MS = 65_000;

/** Calls are counted, and a circuit that changes is told of. */
export function outsideEvents(log: Logger, metrics: Metrics): OutsideEvents {
  return {
    onCall: (kind, outcome) => metrics.outsideCalls.inc({ kind, outcome }),
    onCircuit: (name, state) => {
      log.warn({ service: name, state }, 'the circuit of a service changed');
      metrics.circuits.inc({ kind: name.split(':', 1)[0] ?? name, state });
    },
  };
}

/** A mail that was not taken is sent again by its job. */
export function outsideMailer(mailer: Mailer, outside: Outside): Mailer {
  return {
    send: (mail, signal) => outside.call(MAIL, (until) => mailer.send(mail, until), signal),
    close: () => mailer.close(),
  };
}

/** A provider that refuses a sign-in works. A code is good once, so that nothing is tried again. */
export function outsideProvider(provider: OauthProvider, outside: Outside): OauthProvider {
  const service: OutsideService = {
    name: `oauth:${provider.name}`,
    kind: 'oauth',
    timeout: OAUTH_TIMEOUT_MS,
    isFault: (error) => !(error instanceof OauthRefusedError),
  };
  const call = <T>(work: () => Promise<T>) => outside.call(service, work, never());
  return {
    ...provider,
    authorizationUrl: (flow) => call(() => provider.authorizationUrl(flow)),
    identify: (flow, answer) => call(() => provider.identify(flow, answer)),
  };
}

/** Where objects are kept: the place that a setting names, or else a folder of the data folder. */
export function storageIn({ dataDir, s3PathStyle }: Pick<Config, 'dataDir' | 's3PathStyle'>, outside: Outside) {
  return (location: string | null, folder: string): ObjectStorage =>
    outsideStorage(createObjectStorage(location ?? join(dataDir, folder), { pathStyle: s3PathStyle }), outside);
}

/** Every act on an object may be repeated. A folder is not outside. */
export function outsideStorage(storage: ObjectStorage, outside: Outside): ObjectStorage {
  if (!storage.location.startsWith('s3://')) return storage;
  const service: OutsideService = {
    name: `bucket:${new URL(storage.location).host}`,
    kind: 'bucket',
    timeout: BUCKET_TIMEOUT_MS,
    retries: READ_RETRIES,
  };
  const call = <T>(work: () => Promise<T>) => outside.call(service, work, never());
  return {
    location: storage.location,
    put: (key, bytes) => call(() => storage.put(key, bytes)),
    get: (key) => call(() => storage.get(key)),
    delete: (key) => call(() => storage.delete(key)),
    list: async function* list(prefix, after) {
      for (let last = after; ; ) {
        const page = await call(() => firstOf(storage.list(prefix, last), KEYS_OF_A_PAGE));
        yield* page;
        if (page.length < KEYS_OF_A_PAGE) return;
        last = page.at(-1);
      }
    },
  };
}

/** What a bucket tells in one answer. */
const KEYS_OF_A_PAGE = 1_000;

async function firstOf(keys: AsyncIterable<string>, most: number): Promise<string[]> {
  const page: string[] = [];
  for await (const key of keys) if (page.push(key) === most) break;
  return page;
}

/** As models answer: what it refuses is no fault, and a pause is an error of the model's kind. Speech is not sent twice. */
export function outsideTranscriber(transcriber: Transcriber, outside: Outside): Transcriber {
  const service: OutsideService = {
    name: 'model:transcription',
    kind: 'model',
    timeout: TRANSCRIPTION_TIMEOUT_MS,
    isFault: isProviderFault,
  };
  return {
    id: transcriber.id,
    transcribe: (recording, signal) =>
      outside
        .call(service, (until) => transcriber.transcribe(recording, until), signal)
        .catch((error: unknown) => {
          if (error instanceof CircuitOpen) throw pausedError(transcriber.id, error);
          const isOurs = error instanceof BulkheadFull || error instanceof OutsideTimeout;
          throw isOurs ? new ModelError('unavailable', error.message, { cause: error }) : error;
        }),
  };
}

/** Where a port takes no signal: its time limit ends the call. */
function never(): AbortSignal {
  return new AbortController().signal;
}
