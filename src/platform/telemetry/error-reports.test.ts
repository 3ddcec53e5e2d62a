import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openReceiver, type Receiver, reportsIn } from '../../../test/support/receivers.ts';
import { createErrorReports, type ErrorReportOptions, readDsn } from './error-reports.ts';
import { createRedactor } from './redaction.ts';

const SECRET = 'hunter2-hunter2-hunter2';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function sentryWith(more: Partial<ErrorReportOptions> = {}): Promise<{
  sentry: Receiver;
  reports: ReturnType<typeof createErrorReports>;
}> {
  const sentry = await openReceiver();
  closing.push(async () => sentry[Symbol.asyncDispose]());
  const reports = createErrorReports({
    dsn: `${sentry.origin.replace('://', '://public@')}/42`,
    release: '1.2.3',
    environment: 'test',
    redactor: createRedactor([SECRET]),
    onFailure: (reason) => expect.fail(reason),
    ...more,
  });
  return { sentry, reports };
}

const logged = (error: Error, message = 'it failed') => ({ error, message, level: 'error' as const, ids: {} });

test('a report says where and what, and holds no content and no secret', async () => {
  const { sentry, reports } = await sentryWith();
  const cause = new Error(`the provider said "my private question" and {"key": "${SECRET}"}`);
  const error = new TypeError(`Unexpected token 'q', "quite private" is not valid JSON; Bearer ${SECRET}\nmore words`, {
    cause,
  });
  const ids = { request_id: 'r1', trace_id: 'a'.repeat(32), tenant: 'acme', route: 'GET /v1/sessions' };
  reports.report({ ...logged(error, `failed with api_key=${SECRET}`), ids });
  await reports.close();

  const [post] = sentry.posts;
  expect(post?.path).toBe('/api/42/envelope/');
  expect(post?.headers['x-sentry-auth']).toMatch(
    /^Sentry sentry_version=7, sentry_client=parley\/1\.2\.3, sentry_key=public$/,
  );
  const [header, item] = (post?.body ?? '').split('\n').map((line) => JSON.parse(line));
  expect(header.event_id).toMatch(/^[0-9a-f]{32}$/);
  expect(item).toEqual({ type: 'event', content_type: 'application/json' });
  const [report] = reportsIn(sentry);
  expect(report).toMatchObject({
    level: 'error',
    release: 'parley@1.2.3',
    environment: 'test',
    transaction: 'GET /v1/sessions',
    tags: { request_id: 'r1', tenant: 'acme', trace_id: 'a'.repeat(32) },
    contexts: { trace: { trace_id: 'a'.repeat(32) } },
  });
  // Sentry has the cause first.
  expect(report?.exception.values.map(({ type }) => type)).toEqual(['Error', 'TypeError']);
  expect(report?.exception.values.at(-1)?.stacktrace?.frames.at(-1)).toMatchObject({
    filename: 'src/platform/telemetry/error-reports.test.ts',
    in_app: true,
  });
  for (const words of [SECRET, 'private', 'more words']) expect(post?.body).not.toContain(words);
});

test('an error that comes again and again is sent once, and others are not held up by it', async () => {
  const { sentry, reports } = await sentryWith();
  const make = () => new Error('the same');
  for (let time = 0; time < 50; time += 1) reports.report(logged(make()));
  reports.report(logged(new Error('another')));
  await reports.close();
  expect(reportsIn(sentry).map(({ exception }) => exception.values[0]?.value)).toEqual(['the same', 'another']);
});

test('a Sentry that has enough is left alone, and one that is away harms nobody', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(429, { 'retry-after': '60' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => void server.close());
  const { port } = server.address() as AddressInfo;
  const failures: string[] = [];
  const { reports } = await sentryWith({
    dsn: `http://key@127.0.0.1:${port}/1`,
    onFailure: (reason) => failures.push(reason),
  });
  reports.report(logged(new Error('first'), 'one'));
  await reports.close();
  reports.report(logged(new Error('second'), 'two'));
  await reports.close();
  expect([asked, failures]).toEqual([1, ['it answered 429']]);

  const gone = await sentryWith({ dsn: 'http://key@127.0.0.1:9/1', onFailure: (reason) => failures.push(reason) });
  gone.reports.report(logged(new Error('first')));
  await gone.reports.close();
  expect(failures).toHaveLength(2);
});

test.each([
  ['https://key@sentry.example/7', { key: 'key', url: 'https://sentry.example/api/7/envelope/' }],
  [
    'https://key@sentry.example:9000/under/here/7',
    { key: 'key', url: 'https://sentry.example:9000/under/here/api/7/envelope/' },
  ],
  ['https://sentry.example/7', null],
  ['https://key@sentry.example/', null],
  ['ftp://key@sentry.example/7', null],
  ['words', null],
])('the DSN %s is read', (text, expected) => {
  expect(readDsn(text)).toEqual(expected);
});
