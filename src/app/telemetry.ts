import { isConnectFailure } from '../platform/database/failures.ts';
import type { ErrorReports } from '../platform/telemetry/error-reports.ts';
import { createLog, type Logger, type LogOptions } from '../platform/telemetry/log.ts';
import { createRedactor } from '../platform/telemetry/redaction.ts';
import type { Tracing } from '../platform/telemetry/tracing.ts';
import type { Config } from './config.ts';
import { EXIT } from './failures.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';
import { version } from './version.ts';

/** How a long-running process tells what it does. What is not set is not loaded. */
export type Telemetry = {
  log: Logger;
  /** Null: nothing is traced. */
  tracing: Tracing | null;
  /** Null: nobody is told of errors. */
  reports: ErrorReports | null;
};

export async function openTelemetry(config: Config): Promise<Telemetry> {
  const reports = await openReports(config);
  const log = openLog(config, reports);
  return { log, reports, tracing: await openTracing(config, log) };
}

export function openLog(config: Config, reports: ErrorReports | null = null): Logger {
  const format = config.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json');
  const options: LogOptions = {
    level: config.logLevel === 'warning' ? 'warn' : config.logLevel,
    pretty: format === 'pretty',
    secrets: secretsOf(config),
    // The database's own lines do (`outageLines`): each loop and each request meets it.
    isToldElsewhere: isConnectFailure,
  };
  return createLog(reports ? { ...options, onError: reports.report } : options);
}

/** Ends the process as Node would, once the error is logged and reported. */
export function endOnFaults({ log, reports }: Telemetry): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the program ends: nothing caught this error');
    void (reports?.close() ?? Promise.resolve()).finally(() => process.exit(EXIT.internal));
  });
}

/** What is written in secret settings, so that it can be kept out of everything that is told. */
export function secretsOf(config: Config): string[] {
  return Object.entries<Setting<unknown>>(settings)
    .filter(([, { secret }]) => secret)
    .flatMap(([name]) => textsOf(config[name as keyof Config]));
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Buffer.isBuffer(value)) return [value.toString('base64'), value.toString('hex')];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

async function openReports(config: Config): Promise<ErrorReports | null> {
  if (config.sentryDsn === null) return null;
  const { createErrorReports } = await import('../platform/telemetry/error-reports.ts');
  const silent = openLog(config);
  return createErrorReports({
    dsn: config.sentryDsn,
    release: version,
    environment: config.environment,
    redactor: createRedactor(secretsOf(config)),
    onFailure: (reason) => silent.warn({ reason }, 'an error could not be reported'),
  });
}

async function openTracing(config: Config, log: Logger): Promise<Tracing | null> {
  const base = config.otlpEndpoint === null ? null : `${config.otlpEndpoint}/v1/traces`;
  const url = config.otlpTracesEndpoint ?? base;
  if (url === null || config.otelDisabled) return null;
  const { openOtlpTracing } = await import('../platform/telemetry/otlp-tracing.ts');
  return openOtlpTracing({
    url,
    headers: config.otlpHeaders,
    resource: {
      'service.name': config.otelServiceName,
      'service.version': version,
      'deployment.environment.name': config.environment,
      ...config.otelResource,
    },
    sampler: config.otelSampler,
    ratio: config.otelSamplerRatio,
    version,
    log,
  });
}
