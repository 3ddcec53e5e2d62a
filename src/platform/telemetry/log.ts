import { type Logger, type LoggerOptions, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

/** Names whose values never reach a log, wherever they stand in what is logged. */
const SECRET_NAMES = [
  'password',
  'new_password',
  'current_password',
  'token',
  'access_token',
  'refresh_token',
  'authorization',
  'cookie',
  'key',
  'api_key',
  'apiKey',
  'secret',
  'client_secret',
  'x-api-key',
];

const quoted = SECRET_NAMES.map((name) => `["${name}"]`);
const redact = {
  paths: quoted.flatMap((name) => [name, `*${name}`, `*.*${name}`]),
  censor: '[redacted]',
};

/** Credentials that stand inside of longer texts, such as an upstream's error. */
const SECRET_TEXT =
  /\b(?:Bearer\s+[\w.~+/-]+=*|(?:sk|pk|prt)[-_][\w-]{12,}|eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=:\/\/[^\s:@/]{1,64}:)[^\s@/]+(?=@))/g;

export function redactText(text: string): string {
  return text.replace(SECRET_TEXT, '[redacted]');
}

export type LogOptions = {
  level: string /** Lines for a person instead of JSON. */;
  pretty: boolean;
  stream?: NodeJS.WritableStream;
};

export function createLog(options: LogOptions): Logger {
  const settings: LoggerOptions = {
    level: options.level.toLowerCase(),
    redact,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: redactText },
  };
  const destination = options.stream ?? process.stderr;
  return options.pretty
    ? pino(settings, pretty({ destination: destination as never, translateTime: 'HH:MM:ss', ignore: 'trace_id' }))
    : pino(settings, destination);
}
