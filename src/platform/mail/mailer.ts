/** A message in plain text: every program shows it, and nothing in it can be clicked by accident. */
export type Mail = { to: string; subject: string; text: string };

export type Mailer = {
  /** Rejects when the message was not taken; then it may be sent again. */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
  close(): void;
};
