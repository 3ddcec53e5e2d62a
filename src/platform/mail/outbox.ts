import type { PlatformTransaction } from '../database/database.ts';
import type { JobDefinition, JobName, Queue } from '../queue/queue.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Mail, Mailer } from './mailer.ts';

export type Outbox = {
  /** Sends a message once the transaction has committed, and not if it does not. */
  post(trx: PlatformTransaction, mail: Mail): Promise<void>;
};

type SealedMail = { sealed: string };

const SEND_MAIL: JobName<SealedMail> = { name: 'mail.send' };
const CONTEXT = 'mail';
/** With growing delay about an hour: a mail server that is restarted is back by then. */
const RETRIES = 8;

/** Mails wait in the queue, sealed: their links are as good as passwords, and jobs are kept for a while. */
export function createOutbox(options: { queue: Queue; box: SecretBox; mailer: Mailer }): Outbox & {
  jobs: readonly JobDefinition<never>[];
} {
  const { queue, box, mailer } = options;
  const sendMail: JobDefinition<SealedMail> = {
    ...SEND_MAIL,
    retryLimit: RETRIES,
    expireInSeconds: 60,
    concurrency: 2,
    handle: async ({ sealed }, { signal }) => {
      const mail = JSON.parse(box.open(Buffer.from(sealed, 'base64'), CONTEXT)) as Mail;
      await mailer.send(mail, signal);
    },
  };
  return {
    post: (trx, mail) => {
      const sealed = box.seal(JSON.stringify(mail), CONTEXT).toString('base64');
      return queue.enqueue(trx, SEND_MAIL, { sealed });
    },
    jobs: [sendMail as unknown as JobDefinition<never>],
  };
}
