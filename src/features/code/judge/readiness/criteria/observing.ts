import { type Criterion, met, missing, NO_HTTP, notApplicable, partly, seenOrMissing, unknown } from '../criterion.ts';
import * as libraries from '../libraries.ts';

const HEALTH_ROUTE =
  /(?:['"`]\/|\bpath\(\s{0,4}r?['"]\^?)(?:(?:api|v\d{1,2}|internal|admin|system)\/){0,3}(?:health(?:z|check)?|livez?|liveness|ping)(?:\/[\w-]{0,20})?\/?['"`]|\bHealthIndicator\b|\bMapHealthChecks\(|\bTerminusModule\b|@HealthCheck\(/gi;
const HEALTH_LIBRARIES = [
  'spring-boot-starter-actuator',
  '@nestjs/terminus',
  'quarkus-smallrye-health',
  'django_health_check',
  'health_check',
  '@godaddy/terminus',
  'lightship',
  'AspNetCore.HealthChecks.NpgSql',
];
const READY_ROUTE =
  /(?:['"`]\/|\bpath\(\s{0,4}r?['"]\^?)(?:(?:api|v\d{1,2}|internal|admin|system)\/){0,3}(?:readyz?|readiness|health(?:z|check)?)(?:\/[\w-]{0,20})?\/?['"`]/gi;
const ASKS_DATABASE =
  /\bSELECT 1\b|\.ping\(|\bpingCheck\(|\bHealthIndicator\b|\bPingContext\(|\bconnection\.ensure_connection|\bcheck_?(?:db|database|redis)\w{0,20}|\b(?:database|db|redis)_?(?:health|ready|check)\w{0,20}/gi;
const PROBES =
  /\blivenessProbe:|\breadinessProbe:|^\s{0,12}healthcheck:|^HEALTHCHECK\s(?!NONE)|\bhealth_check\s{0,4}\{|\bhealthCheckPath\b|\bhealthcheck_path\b/gim;

const PRINTS =
  /(?<![\w.])console\.(?:log|error|warn|info)\(|^[ \t]{0,60}print\(|\bSystem\.(?:out|err)\.print|\bfmt\.Print(?:ln|f)?\(|\.printStackTrace\(\)/gm;
const STRUCTURED =
  /\bJsonFormatter\b|\bJSONRenderer\b|\bpythonjsonlogger\b|\bLogstashEncoder\b|\blogging\.structured\.format\b|\bslog\.NewJSONHandler\b|\bjson_?logs?\b|\bJsonLayout\b|\bformat\.json\(|\bJsonTemplateLayout\b|\bUseSerilog\(/gi;
const FASTIFY_LOG = /\blogger\s{0,4}:\s{0,4}(?:true|\{)/g;
const LOGS_SECRETS =
  /\b(?:console\.(?:log|info|debug|warn|error)|log(?:ger)?\.(?:info|debug|warn(?:ing)?|error|trace)|logging\.(?:info|debug|warning|error)|print|System\.out\.println)\((?:[^\n'"`)]{0,100}\b|[^\n)]{0,200}(?:\$\{|\{|\+\s{0,2}|,\s{0,2}|%\s{0,2}))(?:\w{1,30}\.){0,3}(?:password|passwd|secret|access_?token|refresh_?token|api_?key|private_?key|authorization)\b(?!\s{0,4}(?:is|was|not|must|has|for|\())/gi;
const REQUEST_IDS =
  /\bx-request-id\b|\brequest_?id\b|\bcorrelation_?id\b|\btrace_?id\b|\bMDC\.put\(|\bpinoHttp\(|\bgenReqId\b|\basgi_correlation_id\b|\bmiddleware\.RequestID\b|\bUseHttpLogging\(/gi;

const METRICS_ROUTE =
  /['"`][^'"`\s]{0,40}\/metrics['"`]|\bactuator\/prometheus\b|\bmanagement\.endpoints\.web\.exposure\.include\b[^\n]{0,80}(?:prometheus|metrics|\*)/g;
const ALERTS =
  /^\s{0,12}-?\s{0,4}alert:\s|\baws_cloudwatch_metric_alarm\b|\bgoogle_monitoring_alert_policy\b|\balertmanager\b|\bdatadog_monitor\b|\bpagerduty_\w{1,30}\b|\bkind:\s{0,4}PrometheusRule\b/gim;

const CENTRAL_HANDLER =
  /\(\s{0,4}\w{1,20}(?:\s{0,4}:\s{0,4}[\w<>.| ]{1,40})?,\s{0,4}_?\w{1,20}(?:\s{0,4}:\s{0,4}[\w<>.| ]{1,40})?,\s{0,4}_?\w{1,20}(?:\s{0,4}:\s{0,4}[\w<>.| ]{1,40})?,\s{0,4}_?next\w{0,10}(?:\s{0,4}:\s{0,4}[\w<>.| ]{1,40})?\s{0,4}\)|\bsetErrorHandler\(|\bexception_handler\(|\badd_exception_handler\(|\berrorhandler\(|@(?:Rest)?ControllerAdvice\b|@ExceptionHandler\b|\bExceptionMapper\b|@Catch\(|\bExceptionFilter\b|\bHTTPErrorHandler\b|\brescue_from\b|\bapp\.onError\(|\bUseExceptionHandler\(|\bEXCEPTION_HANDLER\b|\bhandler500\b|\bgin\.(?:Custom)?Recovery\b|\bmiddleware\.Recoverer\b|\bmiddleware\.Recover\(/g;
const SWALLOWED =
  /\bcatch\s{0,4}(?:\(\s{0,4}[\w$: ]{1,60}\s{0,4}\))?\s{0,4}\{\s{0,8}\}|\.catch\(\s{0,4}\(\s{0,4}\w{0,20}\s{0,4}\)\s{0,4}=>\s{0,4}\{\s{0,4}\}\s{0,4}\)|^[ \t]{0,60}except(?:\s{1,4}(?:Exception|BaseException)(?:\s{1,4}as\s{1,4}\w{1,30})?)?\s{0,4}:\s{0,4}\n?[ \t]{0,60}pass\b|\brescue\s{0,4}(?:=>\s{0,4}\w{1,20})?\s{0,4}\n\s{0,40}(?:nil|end)\b/gm;
const TELLS_INTERNALS =
  /\b(?:res|reply|ctx|c|response)\.(?:status\([^)\n]{1,30}\)\.)?(?:send|json|JSON|end|body)\s{0,4}[(=][^\n]{0,100}\b(?:err|error|e|ex|exception)\.(?:stack|message|toString\(\))|\bdetail\s{0,4}=\s{0,4}(?:str|repr)\(\s{0,4}(?:e|ex|exc|err|error|exception)\s{0,4}\)|\bdetail\s{0,4}=\s{0,4}f['"][^'"\n]{0,100}\{(?:str\()?(?:e|ex|exc|err|error)\b|\bjsonify\([^\n]{0,100}str\(\s{0,4}(?:e|err|error|ex)\s{0,4}\)|\bResponseEntity[^\n]{0,120}\b(?:e|ex|exception)\.(?:getMessage|toString)\(\)|\btraceback\.format_exc\(\)[^\n]{0,40}(?:return|json)|\bhttp\.Error\(\s{0,4}w\s{0,4},\s{0,4}err\.Error\(\)/g;

/** Whether somebody can see how it fares. */
export const OBSERVING: readonly Criterion[] = [
  {
    id: 'health/endpoint',
    area: 'health',
    category: 'observability',
    severity: 'high',
    title: 'It says whether it is alive',
    items: ['S2-59', 'S3-63', 'S1-112'],
    fix: {
      java: 'add spring-boot-starter-actuator',
      other: 'answer GET /health without a credential, in short and without internals',
    },
    verify: 'curl -si "$URL/health"',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = [...survey.find(HEALTH_ROUTE), ...survey.uses(HEALTH_LIBRARIES), ...survey.find(READY_ROUTE)].slice(
        0,
        3,
      );
      return seenOrMissing(seen, 'There is a route for it.', 'No route for it was seen.');
    },
  },
  {
    id: 'health/readiness',
    area: 'health',
    category: 'observability',
    severity: 'medium',
    title: 'It says whether what it needs is there',
    items: ['S0-26', 'S1-37', 'S1-38', 'S1-41', 'S3-64', 'S3-65'],
    fix: 'answer GET /ready with 503 and the failing part where database, cache or another needed service does not answer a trivial question in time',
    verify: 'curl -s -o /dev/null -w \'%{http_code}\\n\' "$URL/ready"  # 503 while the database is stopped',
    judge(survey, { servesHttp, usesDatabase }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      if (usesDatabase.length === 0) return notApplicable('It needs no database to be there.');
      const wired = survey.uses(HEALTH_LIBRARIES.slice(0, 3));
      if (wired.length > 0) return met('The health of what it needs is part of it.', wired);
      const route = survey.find(READY_ROUTE);
      if (route.length === 0) return missing('No route for it was seen.');
      const asks = survey.find(ASKS_DATABASE);
      return asks.length > 0
        ? met('A trivial question is asked to the database.', [...route.slice(0, 1), ...asks.slice(0, 2)])
        : partly('There is a route; that it asks the database was not seen.', route);
    },
  },
  {
    id: 'health/probes',
    area: 'health',
    category: 'reliability',
    severity: 'medium',
    title: 'What runs it asks for its health',
    items: ['S3-18', 'S3-65', 'S3-131'],
    fix: 'add HEALTHCHECK to the image, `healthcheck` to compose, or livenessProbe and readinessProbe to Kubernetes',
    verify: "git grep -nE 'HEALTHCHECK|healthcheck:|livenessProbe|readinessProbe'",
    judge(survey, { servesHttp, images, deployments }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      if (images.length + deployments.length === 0) return unknown('How it is run is not in the code base.');
      const seen = survey.find(PROBES, { roles: ['container', 'deployment', 'settings', 'other'] });
      return seenOrMissing(seen, 'It is asked here.', 'Neither the image nor the deployment asks for it.');
    },
  },
  {
    id: 'logging/logger',
    area: 'logging',
    category: 'observability',
    severity: 'medium',
    title: 'What happens goes to a logger, in a form that machines read',
    items: ['S1-43', 'S1-44', 'S1-45', 'S1-110', 'S3-2'],
    fix: {
      node: 'log through pino, as JSON in production, with the level from a setting; no console.log',
      python: 'log through structlog or logging with a JSON formatter, with the level from a setting; no print',
      java: 'log through slf4j, with logging.structured.format.console or a JSON encoder in production',
      other: 'log through one logger, as JSON in production, with the level from a setting',
    },
    verify: "git grep -nE 'console\\.log|^ *print\\(|System\\.out\\.print' | head",
    judge(survey, { servesHttp, framework }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const fastify = framework === 'Fastify' ? survey.find(FASTIFY_LOG) : [];
      const loggers = [...survey.uses(libraries.LOGGERS), ...fastify].slice(0, 3);
      const structured = [
        ...survey.uses(libraries.STRUCTURED_LOGGERS),
        ...survey.find(STRUCTURED, { roles: ['source', 'settings', 'other'] }),
        ...fastify,
      ].slice(0, 3);
      const where = { paths: NOT_A_PROGRAM_FOR_A_TERMINAL };
      const prints = survey.count(PRINTS, where);
      if (loggers.length === 0)
        return missing(prints > 0 ? 'It prints.' : 'No logger was seen.', survey.find(PRINTS, where));
      if (structured.length === 0) return partly('There is a logger; that it writes JSON was not seen.', loggers);
      if (prints > MANY_PRINTS)
        return partly(`There is a logger, and ${prints} lines that print beside it.`, survey.find(PRINTS, where));
      return met('There is a logger whose lines machines read.', structured);
    },
  },
  {
    id: 'logging/request-ids',
    area: 'logging',
    category: 'observability',
    severity: 'medium',
    title: 'The lines of one request can be found together',
    items: ['S0-25', 'S0-36', 'S1-46'],
    fix: 'give each request an id, taken from `x-request-id` or made, put it into each line and into the answer',
    verify: 'curl -si "$URL" | grep -i x-request-id',
    judge(survey, { servesHttp, framework }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = survey.find(REQUEST_IDS, { roles: ['source', 'settings'] });
      if (seen.length > 0) return met('Requests are named here.', seen);
      if (framework === 'Fastify' && survey.find(FASTIFY_LOG).length > 0)
        return met('Fastify names each request in its log.', survey.find(FASTIFY_LOG));
      return missing('No id of a request was seen.');
    },
  },
  {
    id: 'logging/no-secrets',
    area: 'logging',
    category: 'security',
    severity: 'high',
    title: 'No password and no token is logged',
    items: ['S1-53'],
    fix: 'log who and what, not the credential; have the logger remove such fields (redact)',
    verify: "git grep -niE '(log|print)[a-z.]*\\(.*(password|secret|token)'",
    judge(survey) {
      const seen = survey.find(LOGS_SECRETS);
      if (seen.length > 0) return missing('A credential is written to the log.', seen);
      return met('No line was seen that logs one by its name.', []);
    },
  },
  {
    id: 'errors/central',
    area: 'error handling',
    category: 'reliability',
    severity: 'high',
    title: 'Faults are answered in one place, in one form',
    items: ['S3-3', 'S3-4', 'S3-46', 'S2-130', 'S1-109'],
    fix: {
      node: 'add one error handler behind all routes (Express: four parameters; Fastify: setErrorHandler), with a stable code for each fault',
      python: 'add exception handlers to the application, with a stable code for each fault',
      java: 'add a @RestControllerAdvice that extends ResponseEntityExceptionHandler',
      other: 'handle faults in one place behind all routes, with a stable code for each',
    },
    verify: 'curl -s "$URL/<a route that fails>"  # a code and a safe message, no trace',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      return seenOrMissing(
        survey.find(CENTRAL_HANDLER),
        'They are answered here.',
        'No handler for all faults was seen.',
      );
    },
  },
  {
    id: 'errors/none-swallowed',
    area: 'error handling',
    category: 'reliability',
    severity: 'medium',
    title: 'No fault is caught and dropped',
    items: ['S1-48', 'S1-49', 'S1-50'],
    fix: 'catch only what can be handled, log the rest with what was being done, and let it go on upwards',
    verify: "git grep -nE 'catch *(\\([^)]*\\))? *\\{ *\\}|except( Exception)?: *pass'",
    judge(survey) {
      const count = survey.count(SWALLOWED);
      if (count > 0)
        return missing(
          `${count} ${count === 1 ? 'place drops' : 'places drop'} whatever went wrong.`,
          survey.find(SWALLOWED),
        );
      return met('No empty catch was seen.', []);
    },
  },
  {
    id: 'errors/no-internals',
    area: 'error handling',
    category: 'security',
    severity: 'high',
    title: 'An answer tells nothing of the inside',
    items: ['S1-53', 'S0-22'],
    fix: 'answer with a code and a sentence of your own; the exception’s text and trace go to the log alone',
    verify:
      'curl -s "$URL/<a route that fails>" | grep -iE "exception|traceback|at .*\\(|select "  # must print nothing',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = survey.find(TELLS_INTERNALS);
      if (seen.length > 0) return missing('The text of an exception goes to the client.', seen);
      return met('No line was seen that gives an exception’s text to a client.', []);
    },
  },
  {
    id: 'monitoring/metrics',
    area: 'monitoring',
    category: 'observability',
    severity: 'high',
    title: 'It counts what it does, for a monitoring system to read',
    items: ['S1-75', 'S1-76', 'S2-107', 'S3-62', 'S3-68'],
    fix: {
      node: 'count requests, durations and faults with prom-client, and serve them at /metrics, not to everybody',
      python: 'add prometheus-fastapi-instrumentator or prometheus_client, and serve /metrics, not to everybody',
      java: 'add micrometer-registry-prometheus, and expose it in the actuator, not to everybody',
      other: 'count requests, durations and faults, and serve them at /metrics, not to everybody',
    },
    verify: 'curl -s "$URL/metrics" | head',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const libs = survey.uses(libraries.METRICS);
      if (libs.length > 0) return met('It counts with a library for it.', libs);
      const route = survey.find(METRICS_ROUTE, { roles: ['source', 'settings'] });
      if (route.length > 0) return met('Its figures are served here.', route);
      const only = survey.declared(libraries.METRICS);
      return only.length > 0
        ? partly('A library for it is declared, and no code that runs imports it.', only)
        : missing('Nothing was seen that counts.');
    },
  },
  {
    id: 'monitoring/errors',
    area: 'monitoring',
    category: 'observability',
    severity: 'medium',
    title: 'Faults reach somebody, with where they come from',
    items: ['S3-67', 'S3-133'],
    fix: 'send unexpected faults to an error tracker (Sentry or one that speaks its protocol), its address from a setting, without personal fields',
    verify: "git grep -niE 'sentry|bugsnag|rollbar'",
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = survey.uses(libraries.ERROR_TRACKING);
      if (seen.length > 0) return met('An error tracker is wired.', seen);
      const own = survey.find(/\bsentry_?dsn\b|\bSENTRY_DSN\b/gi, { roles: ['source', 'settings', 'deployment'] });
      return own.length > 0
        ? met('An error tracker can be named by a setting.', own)
        : missing('No error tracker was seen.');
    },
  },
  {
    id: 'monitoring/tracing',
    area: 'monitoring',
    category: 'observability',
    severity: 'low',
    title: 'A request can be followed through its parts',
    items: ['S1-77'],
    fix: 'instrument it with OpenTelemetry, exporting where OTEL_EXPORTER_OTLP_ENDPOINT says',
    verify: "git grep -niE 'opentelemetry|otel_'",
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      return seenOrMissing(survey.uses(libraries.TRACING), 'It is instrumented.', 'No tracing was seen.');
    },
  },
  {
    id: 'monitoring/alerts',
    area: 'monitoring',
    category: 'observability',
    severity: 'medium',
    title: 'Somebody is called when it is ill',
    items: ['S1-78', 'S3-66', 'S3-134'],
    fix: 'keep alert rules beside the code: faults above a share, slow answers, a full disk, a missing backup, each with what to do',
    verify: "git grep -nE '^ *- alert:'",
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = survey.find(ALERTS, { roles: ['deployment', 'settings', 'other'] });
      return seen.length > 0
        ? met('Alert rules are part of the code base.', seen)
        : unknown('No alert rules were seen; they may be kept elsewhere.');
    },
  },
];

const MANY_PRINTS = 5;
const NOT_A_PROGRAM_FOR_A_TERMINAL =
  /^(?!.*(?:(?:^|\/)(?:scripts?|bin|tools?|cli|commands?|cmd|management|seeds?)\/|(?:^|\/)(?:cli|setup|manage|seed\w{0,10})\.\w{1,4}$|\.(?:tsx|jsx|vue|svelte)$|(?:frontend|client|web|ui|console)\/))/i;
