import { randomUUID } from 'node:crypto';
import {
  type Context,
  DiagLogLevel,
  diag,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from './log.ts';
import type { SAMPLERS } from './samplers.ts';
import { type Attributes, errorType, type Span, type SpanKind, type Tracing } from './tracing.ts';

export type OtlpOptions = {
  /** Where spans are posted as OTLP in JSON, such as `http://collector:4318/v1/traces`. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** What every span says of this process. */
  resource: Attributes;
  sampler: (typeof SAMPLERS)[number];
  /** Of the samplers by ratio, 0 to 1. */
  ratio: number;
  version: string;
  log: Logger;
};

const CLOSE_MS = 3_000;
const KINDS: Record<SpanKind, OtelSpanKind> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  internal: OtelSpanKind.INTERNAL,
  consumer: OtelSpanKind.CONSUMER,
};

/** OpenTelemetry by OTLP over HTTP. This module is loaded only where it is wanted: it costs 0.3 s and some megabytes. */
export function openOtlpTracing(options: OtlpOptions): Tracing {
  const { url, headers, resource, version, log } = options;
  const tell = (message: string) => log.warn({ detail: message }, 'OpenTelemetry warns');
  const quiet = () => undefined;
  diag.setLogger({ error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.instance.id': randomUUID(), ...plain(resource) }),
    sampler: samplerOf(options),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url, headers: { ...headers } }) })],
  });
  const tracer = provider.getTracer('parley', version);
  return {
    begin: (name, kind, { parent, attributes = {} } = {}) =>
      spanIn(tracer, remoteContext(parent), name, kind, attributes),
    close: async () => {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, CLOSE_MS);
      await Promise.race([provider.shutdown().catch((error: unknown) => tell(String(error))), late.promise]);
      clearTimeout(timer);
    },
  };
}

function samplerOf({ sampler, ratio }: OtlpOptions): Sampler {
  const [, parentBased = '', name] = /^(parentbased_)?(\w+)$/.exec(sampler) ?? [];
  const root =
    name === 'always_off'
      ? new AlwaysOffSampler()
      : name === 'traceidratio'
        ? new TraceIdRatioBasedSampler(ratio)
        : new AlwaysOnSampler();
  return parentBased === '' ? root : new ParentBasedSampler({ root });
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The package takes what is all zeros for none. */
function remoteContext(parent: string | undefined): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(parent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const remote: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

function spanIn(tracer: Tracer, context: Context, name: string, kind: SpanKind, attributes: Attributes): Span {
  const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: plain(attributes) }, context);
  const { traceId, spanId, traceFlags } = span.spanContext();
  let below: Context | null = null;
  let ended = false;
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    set: (more) => {
      span.setAttributes(plain(more));
    },
    child: (childName, childKind, more = {}) => {
      below ??= trace.setSpan(context, span);
      return spanIn(tracer, below, childName, childKind, more);
    },
    end: (error) => {
      if (ended) return;
      ended = true;
      if (error !== undefined) markFailed(span, error);
      span.end();
    },
  };
}

function markFailed(span: OtelSpan, error: unknown): void {
  span.setAttribute('error.type', errorType(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function plain(attributes: Attributes): Record<string, string | number | boolean | string[]> {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string | number | boolean | string[]>;
}
