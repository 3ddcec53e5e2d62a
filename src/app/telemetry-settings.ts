import { SAMPLERS } from '../platform/telemetry/samplers.ts';
import { boolean, decimal, integer, oneOf, SettingFault, setting, text, url } from './setting.ts';

const optional = <Value>(read: (value: string) => Value): ((value: string) => Value | null) => read;
const none = null as string | null;

/** `name=value,name=value`, as OpenTelemetry's variables write them; values may be percent-encoded. */
function pairs(value: string): Readonly<Record<string, string>> {
  const entries = value.split(',').filter((part) => part.trim() !== '');
  return Object.fromEntries(
    entries.map((part) => {
      const [, name, given = ''] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(part) ?? [];
      if (name === undefined) throw new SettingFault('must be a list such as name=value,other=value');
      return [name, decoded(given.trim())];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new SettingFault('has a value with a % that stands for nothing; write a percent sign as %25');
  }
}

function dsn(value: string): string {
  const isOne =
    URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && /\/\d+\/?$/.test(new URL(value).pathname);
  if (isOne && new URL(value).username !== '') return value;
  throw new SettingFault('must be a DSN such as https://key@host/1');
}

/** What tells how the program does: traces, reports of errors, slow statements. The names are OpenTelemetry's and Sentry's. */
export const telemetrySettings = {
  otlpEndpoint: setting(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    optional(url('http:', 'https:')),
    none,
    'Collector of OpenTelemetry traces (OTLP over HTTP, JSON), such as http://localhost:4318. Unset: nothing is traced. No content of messages is in a trace.',
  ),
  otlpTracesEndpoint: setting(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    optional(url('http:', 'https:')),
    none,
    'The whole address for traces, where it is not OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces.',
  ),
  otlpHeaders: setting(
    'OTEL_EXPORTER_OTLP_HEADERS',
    pairs,
    {} as Readonly<Record<string, string>>,
    'Headers for the collector, as name=value,name=value.',
    { secret: true, example: '' },
  ),
  otelServiceName: setting('OTEL_SERVICE_NAME', text, 'parley', 'What traces call this process.'),
  otelResource: setting(
    'OTEL_RESOURCE_ATTRIBUTES',
    pairs,
    {} as Readonly<Record<string, string>>,
    'What else each trace says of this process, as name=value,name=value.',
    { example: '' },
  ),
  otelSampler: setting(
    'OTEL_TRACES_SAMPLER',
    oneOf(...SAMPLERS),
    'parentbased_always_on',
    `Which traces are kept: ${SAMPLERS.join(', ')}.`,
  ),
  otelSamplerRatio: setting('OTEL_TRACES_SAMPLER_ARG', decimal(0, 1), 1, 'Share that the ratio samplers keep.'),
  otelDisabled: setting('OTEL_SDK_DISABLED', boolean, false, 'true: nothing is traced, whatever else is set.'),
  sentryDsn: setting(
    'SENTRY_DSN',
    optional(dsn),
    none,
    'Where unexpected errors are reported: Sentry, or what speaks its protocol. With ids, without content. Unset: nowhere.',
    { secret: true },
  ),
  slowQueryMs: setting(
    'SLOW_QUERY_MS',
    integer(0, 3_600_000),
    500,
    'Statements that take as long are logged with their text, without their values, ms. 0: none.',
  ),
} as const;
