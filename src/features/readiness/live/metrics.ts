import type { LiveCheck } from '../check.ts';
import { judge, notApplicable, sample } from '../finding.ts';
import type { Target } from '../target.ts';

/** What dashboards and alerts stand on. */
const NEEDED = [
  'parley_http_request_duration_seconds',
  'parley_runs_total',
  'parley_run_first_token_seconds',
  'parley_event_flush_seconds',
  'parley_database_connections',
  'parley_queue_oldest_due_seconds',
  'parley_circuit_changes_total',
  'parley_model_cost_usd_total',
  'parley_budget_refusals_total',
  'parley_backups_total',
  'nodejs_eventloop_lag_p99_seconds',
];

/** Null where no token is known that this server takes. */
export async function readMetrics({ ask, settings }: Pick<Target, 'ask' | 'settings'>): Promise<string | null> {
  const authorization = settings?.metricsToken ? { authorization: `Bearer ${settings.metricsToken}` } : {};
  const { status, text } = await ask('/metrics', { headers: authorization });
  if (status === 401) return null;
  if (status !== 200) throw new Error(`/metrics answers ${status}`);
  return text;
}

export const metrics: LiveCheck = {
  id: 'metrics',
  kind: 'live',
  category: 'observability',
  weight: 'major',
  title: 'Prometheus finds every metric that is needed, with bounded labels, and strangers none where a token is set',
  items: ['S1-30', 'S1-75', 'S1-76', 'S1-79', 'S2-107', 'S3-62', 'S3-68', 'S3-132', 'S3-135'],
  expected: `${NEEDED.join(', ')}; no label with an id; 401 without the token`,
  remedy: 'METRICS_TOKEN must be the one of the server that is asked',
  validDays: 7,
  command: 'curl -sS $URL/metrics',
  run: async (target) => {
    const text = await readMetrics(target);
    if (text === null) return notApplicable('the server asks for a token that these settings do not have');
    const faults = NEEDED.filter((name) => !text.includes(`# TYPE ${name} `)).map((name) => `${name} is missing`);
    if (/="[0-9a-f]{8}-[0-9a-f]{4}-/.test(text)) faults.push('a label holds an id, so that series grow without bound');
    if (target.settings?.metricsToken && (await target.ask('/metrics')).status !== 401)
      faults.push('a stranger may read them');
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    if (series > 5_000) faults.push(`${series} series`);
    return judge(faults, `${series} series, all that are needed among them`, [sample('/metrics', text)]);
  },
};
