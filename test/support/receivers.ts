import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as OTLP has it in JSON, with its attributes as plain values. */
export type SeenSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  status: { code?: number; message?: string };
  events?: unknown[];
  attributes: Record<string, unknown>;
  /** Of the process that sent it. */
  resource: Record<string, unknown>;
};

/** What a program posts to one address, whatever it is. */
export type Receiver = AsyncDisposable & {
  origin: string;
  posts: { path: string; headers: NodeJS.Dict<string | string[]>; body: string }[];
};

/** A server that takes every POST with 200. */
export async function openReceiver(): Promise<Receiver> {
  const posts: Receiver['posts'] = [];
  const server = createServer(async (request, response) => {
    posts.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Value = { stringValue?: string; intValue?: string | number; doubleValue?: number; boolValue?: boolean } & {
  arrayValue?: { values: Value[] };
};
type Pairs = { key: string; value: Value }[];
type Export = {
  resourceSpans: {
    resource: { attributes: Pairs };
    scopeSpans: { spans: (Omit<SeenSpan, 'attributes' | 'resource'> & { attributes: Pairs })[] }[];
  }[];
};

/** The spans in what a collector received. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export function spansIn({ posts }: Receiver): SeenSpan[] {
  return posts
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ body }) => (JSON.parse(body) as Export).resourceSpans)
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({ ...span, attributes: plain(span.attributes), resource: plain(resource.attributes) })),
      ),
    );
}

function plain(pairs: Pairs = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue({ stringValue, intValue, doubleValue, boolValue, arrayValue }: Value): unknown {
  if (arrayValue) return arrayValue.values.map(plainValue);
  return stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? undefined : Number(intValue));
}

/** An event in a Sentry envelope, as far as tests look into it. */
export type SeenReport = {
  message: { formatted: string };
  level: string;
  release: string;
  transaction?: string;
  environment: string;
  tags: Record<string, string>;
  contexts?: { trace: { trace_id: string } };
  exception: { values: { type: string; value: string; stacktrace?: { frames: { filename: string }[] } }[] };
};

/** The events in what Sentry received. */
export function reportsIn({ posts }: Receiver): SeenReport[] {
  return posts.map(({ body }) => JSON.parse(body.split('\n')[2] ?? '') as SeenReport);
}
