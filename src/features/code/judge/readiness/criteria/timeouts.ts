import { type Criterion, met, missing, NO_HTTP, notApplicable, partly } from '../criterion.ts';
import type { Evidence } from '../judgement.ts';
import * as libraries from '../libraries.ts';
import { evidenceAt, type Survey, type SurveyedFile } from '../survey.ts';

const SERVER_TIMEOUT =
  /\brequestTimeout\b|\bconnectionTimeout\b|\bserver\.setTimeout\(|\bconnect-timeout\b|\bhandlerTimeout\b|\bconnection-timeout\b|\brequest-timeout\b|\bReadTimeout\s{0,4}:|\bReadHeaderTimeout\s{0,4}:|\bTimeoutHandler\(|\bproxy_read_timeout\b|\bgunicorn\b[^\n]{0,200}(?:--timeout|-t )\b|^timeout\s{0,4}=\s{0,4}\d|\bTimeoutMiddleware\b|\basyncio\.(?:timeout|wait_for)\(|\btimeout_keep_alive\b|\bTimeoutLayer\b|\bRack::Timeout\b|\bmiddleware\.Timeout\(|\bwait_for\([^\n]{0,60}call_next|\bRequestTimeouts?\b/gm;

const SELF_BOUND = /\bhttpx\.|\bgot[.(]|\bky[.(]/;
const CALLS: readonly { paths: RegExp; call: RegExp; bounded: RegExp }[] = [
  {
    paths: /\.[cm]?[jt]s$/,
    call: /(?<![\w.])(?:fetch|axios(?:\.(?:get|post|put|patch|delete|request))?)\(/g,
    bounded: /\bsignal\b|\btimeout\b/i,
  },
  {
    paths: /\.py$/,
    call: /\brequests\.(?:get|post|put|patch|delete|request)\(|\burllib\.request\.urlopen\(/g,
    bounded: /\btimeout\b/,
  },
  { paths: /\.go$/, call: /(?<![\w.])http\.(?:Get|Post|Head|PostForm)\(/g, bounded: /\bTimeout\b/ },
  {
    paths: /\.(?:java|kt)$/,
    call: /\bnew RestTemplate\(\s{0,4}\)|\bHttpClient\.newHttpClient\(|\bWebClient\.create\(|\bRestClient\.create\(/g,
    bounded: /\btimeout\b/i,
  },
];
/** Said once for all calls. */
const BOUND_FOR_ALL =
  /\baxios\.create\([^)]{0,400}\btimeout\b|\baxios\.defaults\.timeout\b|\bsetConnectTimeout\(|\bsetReadTimeout\(|\bresponseTimeout\(|\bconnectTimeout\(|\breadTimeout\(|\bhttp\.Client\{[^}]{0,200}\bTimeout\b|\bsocket\.setdefaulttimeout\(|\bsetGlobalDispatcher\(|\b(?:OpenAI|Anthropic|AsyncOpenAI)\([^)]{0,300}\btimeout\b|\bClientTimeout\(|\bhttpx\.Timeout\(|\bAbortSignal\.timeout\(/g;
const LONGEST_CALL = 1_500;

const RETRIES =
  /\b(?:retry|retries|retrying|max_?retries|backoff|circuit_?breaker)\w{0,20}\b|@Retryable\b|@CircuitBreaker\b|@Retry\b/gi;
const GRACEFUL =
  /['"]SIGTERM['"]|\bsignal\.SIGTERM\b|\bsyscall\.SIGTERM\b|\bserver\.shutdown\s{0,4}[:=]\s{0,4}graceful|^\s{0,8}shutdown:\s{0,4}graceful|\benableShutdownHooks\(|\bon_event\(\s{0,4}['"]shutdown|\blifespan\s{0,4}=|@asynccontextmanager|@PreDestroy\b|\bsignal\.NotifyContext\(|\bgraceful[-_]?(?:shutdown|stop|timeout)\b|\bonShutdown\b|\baddShutdownHook\(|\bclose-with-grace\b|\b@godaddy\/terminus\b/gim;

/** Waits that end, and what is done when another service is ill. */
export const TIMEOUTS: readonly Criterion[] = [
  {
    id: 'timeouts/requests',
    area: 'timeouts',
    category: 'reliability',
    severity: 'medium',
    title: 'A request cannot hold a worker for ever',
    items: ['S0-20', 'S0-21', 'S0-34', 'S3-58'],
    fix: {
      node: 'set requestTimeout on the server, and abort the work of a request that takes too long',
      python: 'bound requests in a middleware (asyncio.timeout), and start gunicorn with --timeout',
      java: 'set server.tomcat.connection-timeout and spring.mvc.async.request-timeout',
      go: 'set ReadTimeout and WriteTimeout on http.Server',
      other: 'bound the time of a request in the server or in the proxy before it',
    },
    verify:
      'curl -s -m 120 -o /dev/null -w \'%{http_code} %{time_total}\\n\' "$URL/<a slow route>"  # ends with 503 or 504 in bounded time',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const bound = survey.find(SERVER_TIMEOUT, { roles: ['source', 'settings', 'deployment', 'container', 'other'] });
      return bound.length > 0
        ? met('The time of a request is bounded here.', bound)
        : missing('No bound for the time of a request was seen.');
    },
  },
  {
    id: 'timeouts/outgoing',
    area: 'timeouts',
    category: 'reliability',
    severity: 'high',
    title: 'Every call to another service has a time limit',
    items: ['S0-24', 'S1-32', 'S3-58'],
    fix: {
      node: 'give each fetch `signal: AbortSignal.timeout(ms)`, each axios instance `timeout`',
      python: 'give each call of requests `timeout=(connect, read)`: it has none by itself',
      java: 'set connect and read timeouts on the one client that all calls share',
      other: 'give each call a time limit: most libraries have none by themselves',
    },
    verify: "git grep -nE 'requests\\.(get|post)\\(|fetch\\(|axios\\.' | grep -v -iE 'timeout|signal'",
    judge(survey, { callsOut }) {
      const { bounded, unbounded } = callsOf(survey);
      const forAll = survey.find(BOUND_FOR_ALL);
      if (bounded + unbounded.length === 0) {
        if (callsOut.length === 0) return notApplicable('It was not seen to call other services.');
        if (forAll.length > 0) return met('Calls have a time limit.', forAll);
        if (callsOut.some(({ text }) => SELF_BOUND.test(text)))
          return met('The library that is used has a time limit by itself.', callsOut);
        return partly(
          'Only the time limits that the libraries have by themselves were seen (the model clients’ are 10 minutes).',
          callsOut,
        );
      }
      const total = bounded + unbounded.length;
      if (unbounded.length === 0) return met(`All ${total} calls that were seen have a time limit.`, callsOut);
      const words = `${unbounded.length} of ${total} calls that were seen name no time limit`;
      if (forAll.length > 0)
        return partly(`${words}; one is set here, perhaps for them, too.`, [
          ...unbounded.slice(0, 2),
          ...forAll.slice(0, 1),
        ]);
      return bounded > 0 ? partly(`${words}.`, unbounded.slice(0, 3)) : missing(`${words}.`, unbounded.slice(0, 3));
    },
  },
  {
    id: 'timeouts/retries',
    area: 'timeouts',
    category: 'reliability',
    severity: 'low',
    title: 'A passing fault of another service is tried again, a lasting one is not waited for',
    items: ['S0-23', 'S0-24', 'S1-51', 'S1-52'],
    fix: {
      node: 'wrap calls with cockatiel or opossum: retries with backoff, and a circuit breaker',
      python: 'wrap calls with tenacity (backoff, a bound on tries) and a circuit breaker',
      java: 'wrap calls with resilience4j: @Retry and @CircuitBreaker',
      other: 'try again with growing waits and a bound on tries, and stop asking a service that keeps failing',
    },
    verify: "git grep -niE 'retry|backoff|circuit.?breaker'",
    judge(survey, { callsOut }) {
      if (callsOut.length === 0) return notApplicable('It was not seen to call other services.');
      const libs = survey.uses(libraries.RESILIENCE);
      if (libs.length > 0) return met('A library for retries or circuit breakers is in use.', libs);
      const own = survey.find(RETRIES);
      return own.length > 0
        ? met('Calls are tried again here.', own)
        : missing('A fault of another service is passed on at once.');
    },
  },
  {
    id: 'health/graceful-stop',
    area: 'health',
    category: 'reliability',
    severity: 'medium',
    title: 'A stop lets what is under way end',
    items: ['S1-103', 'S3-85'],
    fix: {
      node: 'on SIGTERM stop taking connections (server.close), let requests end within a bound, close the pool',
      java: 'set server.shutdown=graceful and spring.lifecycle.timeout-per-shutdown-phase',
      python: 'close pools and clients in the lifespan’s end, and give the server --timeout-graceful-shutdown',
      other: 'on SIGTERM stop taking connections, let requests end within a bound, close the pool',
    },
    verify: 'kill -TERM <pid> while a request runs: it is answered, and the program ends with 0',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = survey.find(GRACEFUL, { roles: ['source', 'settings', 'container', 'deployment'] });
      return seen.length > 0
        ? met('The end is handled here.', seen)
        : missing('Nothing was seen to handle the signal to stop.');
    },
  },
];

/** Calls whose arguments name a limit, and those that do not. A call is read to its closing parenthesis. */
function callsOf(survey: Survey): { bounded: number; unbounded: Evidence[] } {
  const calls = survey.files('source').flatMap((file) =>
    CALLS.filter(({ paths }) => paths.test(file.path)).flatMap(({ call, bounded }) =>
      [...file.text.matchAll(call)]
        .map(({ index }) => ({ file, index, written: callAt(file.text, index) }))
        .filter((one) => isJudgeable(one))
        .map((one) => ({ ...one, isBounded: bounded.test(one.written) })),
    ),
  );
  const unbounded = calls.filter(({ isBounded }) => !isBounded);
  return {
    bounded: calls.length - unbounded.length,
    unbounded: unbounded.map(({ file, index }) => evidenceAt(file, index)),
  };
}

/** Not a definition or a type; and not a call whose options come from elsewhere, which nobody can tell here. */
function isJudgeable({ file, index, written }: { file: SurveyedFile; index: number; written: string }): boolean {
  if (DEFINES.test(file.text.slice(Math.max(0, index - 12), index))) return false;
  const behind = file.text.slice(index + written.length, index + written.length + 8);
  return !/^\s{0,2}[:{]/.test(behind) && !/,\s{0,8}(?:\.{3})?[a-z_]\w{0,40}\s{0,8}\)$/i.test(written);
}

const DEFINES = /\b(?:function|def|async)\s{0,4}$/;

function callAt(text: string, from: number): string {
  const end = Math.min(text.length, from + LONGEST_CALL);
  let depth = 0;
  for (let at = text.indexOf('(', from); at >= 0 && at < end; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    if (depth === 0) return text.slice(from, at + 1);
  }
  return text.slice(from, end);
}
