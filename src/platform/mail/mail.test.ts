import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../test/support/databases.ts';
import { createQueue } from '../queue/queue.ts';
import { createSecretBox, installationKeys } from '../secrets/secret-box.ts';
import { createFolderMailer } from './folder-mailer.ts';
import { createOutbox } from './outbox.ts';
import { createSmtpMailer } from './smtp-mailer.ts';

const mail = {
  to: 'ann@example.com',
  subject: 'Grüße – 你好',
  text: 'One line.\n\nhttps://parley.test/x#token=secret\n',
};
const { signal } = new AbortController();

type Received = { recipients: string[]; raw: Buffer; user: string | null };

/** A real mail server that keeps what it is given, and refuses the first `refusals` messages for now. */
async function openMailServer(refusals = 0) {
  const received: Received[] = [];
  let left = refusals;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('wrong password')),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        if (left > 0) {
          left -= 1;
          return done(Object.assign(new Error('try again later'), { responseCode: 451 }));
        }
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ recipients, raw: Buffer.concat(parts), user: (session.user as string | undefined) ?? null });
        return done();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1') as unknown as Server;
  await once(listening, 'listening');
  const address = `127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => server.close(resolve));
  return { received, address, close };
}

describe('a mailer over SMTP', () => {
  test('sends text in any language, with a password where the server wants one', async () => {
    const { received, address, close } = await openMailServer();
    const options = { url: `smtp://ann:right@${address}`, from: 'Parley <no-reply@parley.test>', requireTls: false };
    await createSmtpMailer(options).send(mail, signal);
    const [message] = received;
    expect(message).toMatchObject({ recipients: ['ann@example.com'], user: 'ann' });
    const parsed = await PostalMime.parse(message?.raw ?? '');
    expect(parsed).toMatchObject({ subject: mail.subject, from: { address: 'no-reply@parley.test' } });
    expect(parsed.text?.trim()).toBe(mail.text.trim());
    expect(parsed.html).toBeUndefined();
    await close();
  });

  test('rejects with a wrong password, without TLS where that is required, and where nobody listens', async () => {
    const { received, address, close } = await openMailServer();
    const from = 'no-reply@parley.test';
    const attempts = [
      { url: `smtp://ann:wrong@${address}`, from, requireTls: false },
      { url: `smtp://${address}`, from, requireTls: true },
      { url: 'smtp://127.0.0.1:1', from, requireTls: false },
    ];
    for (const options of attempts) await expect(createSmtpMailer(options).send(mail, signal)).rejects.toThrow();
    expect(received).toEqual([]);
    await close();
  });

  test('takes an address for one address, whatever is in it', async () => {
    const { received, address, close } = await openMailServer();
    const mailer = createSmtpMailer({ url: `smtp://${address}`, from: 'no-reply@parley.test', requireTls: false });
    const to = 'ann@example.com>, <eve@example.com';
    await mailer.send({ ...mail, to, subject: 'a\r\nBcc: eve@example.com' }, signal).catch(() => undefined);
    expect(received.flatMap(({ recipients }) => recipients)).not.toContain('eve@example.com');
    await close();
  });
});

test('a mailer for development writes files that nobody else reads', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-mail-'));
  const mailer = createFolderMailer({ folder: join(folder, 'mail'), from: 'Parley', log: pino({ enabled: false }) });
  await mailer.send(mail, signal);
  const [file = ''] = await readdir(join(folder, 'mail'));
  expect(await readFile(join(folder, 'mail', file), 'utf8')).toContain('https://parley.test/x#token=secret');
  await rm(folder, { recursive: true });
});

describe.each(testDatabases())('an outbox on the $kind database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  test('sends what was committed, again when the server refused it, and keeps it sealed until then', async () => {
    const { received, address, close } = await openMailServer(1);
    const mailer = createSmtpMailer({ url: `smtp://${address}`, from: 'no-reply@parley.test', requireTls: false });
    const failTest = (error: unknown) => {
      throw error;
    };
    const queue = createQueue(db.database, { onError: failTest, onWarning: () => undefined });
    const outbox = createOutbox({ queue, box: createSecretBox(installationKeys([], 'a secret')), mailer });
    await queue.start(outbox.jobs, { work: false });
    await db.database.transaction((trx) => outbox.post(trx, mail));
    const undone = db.database.transaction(async (trx) => {
      await outbox.post(trx, { ...mail, subject: 'never' });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const { rows } = await db.database.execute('SELECT data::text AS data FROM pgboss.job');
    expect(rows.filter(({ data }) => String(data).includes('sealed'))).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('token=');
    await queue.stop(0);
    const working = createQueue(db.database, { onError: failTest, onWarning: () => undefined });
    const again = createOutbox({ queue: working, box: createSecretBox(installationKeys([], 'a secret')), mailer });
    await working.start(again.jobs, { work: true });
    await expect.poll(() => received.length, { timeout: 180_000 }).toBe(1);
    await working.stop(1_000);
    await close();
  });
});
