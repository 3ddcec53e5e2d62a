import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../id.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Mailer } from './mailer.ts';

/** For development: writes each message to a file and logs where, so that its link can be followed without a mail server. */
export function createFolderMailer(options: { folder: string; from: string; log: Logger }): Mailer {
  const { folder, from, log } = options;
  return {
    send: async ({ to, subject, text }) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `${newId()}.eml`);
      const head = [`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, 'Content-Type: text/plain; charset=utf-8'];
      await writeFile(path, `${head.join('\r\n')}\r\n\r\n${text}`, { mode: 0o600 });
      log.info({ path }, 'a mail was written to a file, because SMTP_URL is not set');
    },
    close: () => undefined,
  };
}
