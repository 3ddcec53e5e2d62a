import { createTransport } from 'nodemailer';
import type { Mailer } from './mailer.ts';

export type SmtpOptions = {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
  url: string;
  from: string;
  /** TLS is asked for by STARTTLS wherever the server has it; with true nothing is sent without. */
  requireTls: boolean;
};

const CONNECTION_MS = 10_000;
const SILENCE_MS = 20_000;

/** Sends over SMTP. One connection for each message: mails are rare, and a kept connection would be one that breaks. */
export function createSmtpMailer({ url, from, requireTls }: SmtpOptions): Mailer {
  const transport = createTransport(
    {
      url,
      requireTLS: requireTls,
      connectionTimeout: CONNECTION_MS,
      greetingTimeout: CONNECTION_MS,
      socketTimeout: SILENCE_MS,
      // A message is made of our texts only: nothing in it may make the program read a file or an address.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  return {
    send: async (mail, signal) => {
      signal.throwIfAborted();
      // As an object, the address cannot become two.
      await transport.sendMail({ ...mail, to: { name: '', address: mail.to } });
    },
    close: () => transport.close(),
  };
}
