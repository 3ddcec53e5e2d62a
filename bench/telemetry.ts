import { startChild } from './support/child.ts';
import type { Row } from './support/report.ts';
import { startServerDatabase } from './support/server-database.ts';
import { compareTurns, load, parleyTarget, startParleyOn, TOKENS, WARM_SECONDS } from './support/turns.ts';

const STREAMS = 64;
const SCRAPE_EVERY_MS = 5_000;

/** What observing costs: a server whose every span is exported and whose metrics are read, beside one that nobody observes. */
export async function measureTelemetry({ seconds = 6 } = {}): Promise<Row[]> {
  const upstream = await startChild(new URL('./model-adapters/upstream.ts', import.meta.url), String(TOKENS));
  const sink = await startChild(new URL('./support/otlp-sink.ts', import.meta.url));
  const start = async (settings: Record<string, string>) => {
    const database = await startServerDatabase();
    const parley = await startParleyOn(database.url, upstream.port, settings);
    const target = await parleyTarget(parley, 500);
    await load(target, STREAMS, WARM_SECONDS);
    const stop = async () => {
      await parley.stop();
      await database.stop();
    };
    return { target, url: parley.url, stop };
  };
  const unobserved = await start({});
  const observed = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}`,
    METRICS_TOKEN,
  });
  const scrape = setInterval(() => void readMetrics(observed.url), SCRAPE_EVERY_MS);
  try {
    await readMetrics(observed.url);
    const what = `turns a second with traces exported and metrics read, ${STREAMS} at once`;
    return [
      {
        ...(await compareTurns(what, unobserved.target, observed.target, { streams: STREAMS, seconds })),
        goal: '≥ 0.95',
      },
    ];
  } finally {
    clearInterval(scrape);
    await observed.stop();
    await unobserved.stop();
    sink.process.disconnect();
    upstream.process.disconnect();
  }
}

const METRICS_TOKEN = 'a token for reading metrics while measuring';

async function readMetrics(url: string): Promise<void> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  if (!response.ok) throw new Error(`/metrics: ${response.status}`);
  await response.text();
}
