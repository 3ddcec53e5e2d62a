import { type Criterion, met, missing, NO_DATABASE, NO_HTTP, notApplicable, partly } from '../criterion.ts';
import * as libraries from '../libraries.ts';

const DEFAULT_SECRETS =
  /\b(?:process\.env\.\w{0,40}(?:SECRET|PASSWORD|TOKEN|API_?KEY)\w{0,20}\s{0,4}(?:\|\||\?\?)\s{0,4}['"`][^'"`\n]{1,100}['"`]|(?:os\.getenv|os\.environ\.get|getenv|env)\(\s{0,4}['"]\w{0,40}(?:SECRET|PASSWORD|TOKEN|API_?KEY)\w{0,20}['"]\s{0,4},\s{0,4}(?:default\s{0,4}=\s{0,4})?['"][^'"\n]{1,100}['"])|^[ \t]{0,8}(?:SECRET_KEY|JWT_SECRET\w{0,10}|[a-z_]{0,20}secret_key|jwt_secret\w{0,10})\s{0,4}(?::\s{0,4}\w{1,20}\s{0,4})?=\s{0,4}['"][^'"\n]{1,100}['"]|^[ \t]{0,8}(?:(?:export|const|let|var|private|public|static|final|String|val)[ \t]{1,4}){1,6}(?:SECRET(?:_KEY)?|JWT_SECRET\w{0,10}|jwtSecret|secretKey)\s{0,4}=\s{0,4}["'`][^"'`\n]{1,100}["'`]/gm;
const DEPLOYED_SECRETS =
  /^[ \t]{0,30}(?:-[ \t]{1,4})?["']?[\w.-]{0,40}(?:password|passwd|secret(?:_?key)?|api_?key|token)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?![\s"']|$|\$|<|\{|\*|(?:write|read|none)\b|null\b|true\b|false\b|change_?me_in|\/run\/secrets|file:|vault:)[^\s"'#]{3,100}["']?[ \t]{0,4}(?:#[^\n]{0,200})?$/gim;
/** Not those of a text that shows the form: `user:password@host`, `…`. */
const DATABASE_URL_WITH_PASSWORD =
  /\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqp)(?:\+\w{1,20})?:\/\/(?!(?:user(?:name)?|me|login|<)\b)[^:/\s"'$<{@]{0,60}:(?!\$|<|\{|\*|…|\.\.|x{3,}|pass(?:word)?@)[^@\s"'$<{…]{1,100}@(?!(?:host|example|your)\b)/g;
/** Names of things, not the things: `tokenSecretName: my-secret`. */
const NAMES_ONLY =
  /(?:name|ref|file|path|_?id|key_?ref|url|uri|ttl|expir\w*|minutes|length|type|algorithm|header|prefix)["']?[ \t]{0,4}[:=]/i;

const ENV_FILE = /(?:^|\/)\.env(?:\.(?:local|prod|production|dev|development|staging))?$/;
const IGNORES_ENV = /^\/?(?:\*\*\/)?\.env(?:\*|\.\*|rc)?\/?\s{0,4}$|^\*\.env\s{0,4}$/m;

const CHECKS_SETTINGS =
  /\bBaseSettings\b|@ConfigurationProperties\b|\b(?:required|require|must|mandatory|missing|check|validate|load)_?(?:Env|Settings?|Config|Environment|Variables?)\w{0,30}\(|throw new Error\([^\n]{0,60}(?:env|environment|required|must be set|is not set|missing)|raise \w{1,40}\([^\n]{0,60}(?:env|environment|must be set|is not set|is required)|\bos\.environ\[['"]|\bEnv\.get!\(|\bENV\.fetch\(|\blog\.Fatal\w{0,4}\([^\n]{0,80}(?:env|not set|required)|\bValidateOnStart\(|\bConfigModule\.forRoot\([^\n]{0,200}validat/gi;

const DEBUG =
  /^[ \t]{0,8}DEBUG\s{0,4}(?::\s{0,4}bool\s{0,4})?=\s{0,4}True\b|\bdebug\s{0,4}=\s{0,4}True\b|\bapp\.debug\s{0,4}=\s{0,4}True|^\s{0,8}server\.error\.include-stacktrace\s{0,4}[=:]\s{0,4}always|\binclude-stacktrace:\s{0,4}always|\bAPP_DEBUG\s{0,4}=\s{0,4}true|^\s{0,8}(?:FLASK_DEBUG|FLASK_ENV|DJANGO_DEBUG)\s{0,4}[=:]\s{0,4}["']?(?:1|true|development)/gim;

const RAW_INPUT =
  /\breq(?:uest)?\.body(?:\.\w|\[|\s{0,4}[;,)]|\s{0,4}as\b)|\bawait request\.json\(\)|\brequest\.(?:get_json\(|json\b|form\[|POST\b)|@RequestBody\s{1,4}(?:Map|String|Object|JsonNode)\b|\bjson\.NewDecoder\(\s{0,4}r\.Body|\bparams\[:/g;
const TYPED_INPUT =
  /@Valid(?:ated)?\b|\bBaseModel\)|@(?:Body|IsString|IsEmail|Length|Min|Max|NotBlank|NotNull|Size|Pattern)\b|\bsafeParse\(|\bschema\s{0,4}:\s{0,4}\{?\s{0,4}(?:body|querystring)?|\bValidationPipe\b|\bstrong_parameters\b|\.permit\(|\bShouldBindJSON\(|\bBind(?:JSON)?\(/g;
const VALID = /@Valid(?:ated)?\b/g;
const REQUEST_BODY = /@RequestBody\b/g;

const BODY_LIMIT =
  /\b(?:express\.json|bodyParser\.json|express\.urlencoded)\([^\n]{0,80}\blimit\b|\bbodyLimit\b|\bclient_max_body_size\b|\bMAX_CONTENT_LENGTH\b|\bDATA_UPLOAD_MAX_MEMORY_SIZE\b|\bmax-(?:request|http-form-post|swallow)-size\b|\bmax-in-memory-size\b|\bMaxBytesReader\(|\bBodyLimit\(|\bmax_?body_?(?:size|bytes)\b|\bmaxBodyLength\b|\bMaxRequestBodySize\b|\bproxy-body-size\b|\bcontent-length\b[^\n]{0,80}[<>]|\brequest_body\s{0,4}\{|\bmax_size\s/gi;
const DEFAULT_BODY_LIMIT = /\bexpress\.json\(|\bbodyParser\.json\(/g;

/** A value behind a comparison, a comma, a parenthesis or within quotes; a table's name, which cannot be a parameter, is let be. */
const BUILT_SQL = [
  // Behind a tag (sql`…`) values are parameters.
  /(?<![\w>$)])`\s{0,40}(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b[^`]{0,600}(?:[=<>%]|\b(?:LIKE|VALUES|IN))[ \t]{0,4}['"%(]{0,3}\$\{/g,
  /\bf['"]{1,3}[^\n]{0,100}\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^\n]{0,300}(?:[=<>%]|\b(?:LIKE|VALUES|IN))[ \t]{0,4}['"%(]{0,3}\{/g,
  /['"]{1,3}[^'"\n]{0,40}\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^"\n]{0,300}(?:[=<>(,%]|\b(?:LIKE|VALUES|IN))[ \t]{0,4}['%]{0,2}["'][ \t]{0,4}\+[ \t]{0,4}\w/g,
  /['"]{1,3}[^'"\n]{0,40}\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^\n]{0,300}(?:=|\b(?:LIKE|IN))[ \t]{0,4}['"]?(?:%s['"]{1,4}[ \t]{0,4}%[ \t]|\{\w{0,30}\}[^\n]{0,100}\.format\()/g,
  /\bSprintf\([ \t]{0,4}["`][^"`\n]{0,40}\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^\n]{0,300}(?:=|\b(?:LIKE|IN))[ \t]{0,4}['"(]?%[svd]/g,
] as const;
const OF_A_REQUEST =
  /[{+%,]\s{0,4}['"]?[\w.]{0,30}(?:req|param|query|body|input|user|name|email|id\b|search|term|filter|args?)/i;

/** What must not be in the code, and what must not come in. */
export const SECRETS_AND_INPUT: readonly Criterion[] = [
  {
    id: 'secrets/none-built-in',
    area: 'secrets',
    category: 'security',
    severity: 'critical',
    title: 'No password and no key is written into code, settings or deployment',
    items: ['S1-14', 'S1-15', 'S1-17', 'S1-18', 'S1-106', 'S3-119', 'S3-139'],
    fix: 'take it from the environment or a vault without a default, refuse to start without it, and change what was written here: whoever saw the code has it',
    verify: "git grep -nEi '(password|secret|token|api_?key)[\"'\\'']?\\s*[:=]\\s*[\"'\\''][^\"'\\''$<{]{3,}'",
    judge(survey) {
      const inCode = survey.find(DEFAULT_SECRETS);
      const deployed = survey
        .find(DEPLOYED_SECRETS, { roles: ['deployment', 'settings', 'pipeline'], paths: NOT_A_SAMPLE, most: 100 })
        .filter(({ text }) => !NAMES_ONLY.test(text));
      const addresses = survey.find(DATABASE_URL_WITH_PASSWORD, {
        roles: ['source', 'deployment', 'settings'],
        paths: NOT_A_SAMPLE,
      });
      const all = [...survey.secrets, ...inCode, ...deployed, ...addresses].slice(0, 5);
      if (all.length > 0) return missing('A secret, or a default that stands in for one, is in the code base.', all);
      const read = survey.files('source', 'deployment', 'settings', 'pipeline').length;
      return met(
        `None of the usual forms in ${read} files of code, settings and deployment; tests and examples were not asked.`,
        [],
      );
    },
  },
  {
    id: 'secrets/env-file',
    area: 'secrets',
    category: 'security',
    severity: 'high',
    title: 'The file with a machine’s own secrets stays out of the code base',
    items: ['S1-23', 'S1-24', 'S2-123'],
    fix: 'name `.env` in .gitignore; take a committed one out (`git rm --cached .env`) and change what was in it',
    verify: 'git ls-files | grep -E "(^|/)\\.env$"; git check-ignore .env  # the first prints nothing, the second .env',
    judge(survey) {
      const committed = survey.named(ENV_FILE);
      if (committed.length > 0) return missing('It is in the code base.', committed);
      const lines = survey.find(IGNORES_ENV_LINE, {
        roles: ['other', 'settings', 'document'],
        paths: /(?:^|\/)\.gitignore$/,
      });
      if (lines.length > 0) return met('.gitignore keeps it out.', lines);
      if (survey.named(/(?:^|\/)\.gitignore$/).length > 0)
        return missing('.gitignore does not name it.', survey.named(/(?:^|\/)\.gitignore$/));
      return partly('It is not in the code base, and there is no .gitignore that keeps it out.', []);
    },
  },
  {
    id: 'secrets/required-at-start',
    area: 'secrets',
    category: 'reliability',
    severity: 'medium',
    title: 'Settings are checked when the program starts',
    items: ['S1-20', 'S1-62', 'S1-63', 'S1-66', 'S3-59', 'S3-103'],
    fix: {
      node: 'read process.env in one file, through a schema (zod, envalid), and stop with every fault listed',
      python: 'read the environment in one pydantic-settings class, without defaults for what must be set',
      java: 'bind settings to a @ConfigurationProperties class with @Validated',
      other: 'read the environment in one place, and stop at the start where something is missing',
    },
    verify: 'env -i PATH="$PATH" <the start command>  # names what is missing, and ends with an error',
    judge(survey) {
      const checks = [...survey.imported(libraries.SETTINGS_CHECKS), ...survey.find(CHECKS_SETTINGS)].slice(0, 3);
      if (checks.length > 0) return met('Settings are read by something that refuses what is wrong.', checks);
      const reads = survey.find(
        /\bprocess\.env\b|\bos\.(?:getenv|environ)\b|\bSystem\.getenv\(|@Value\("\$\{|\bos\.Getenv\(/g,
      );
      if (reads.length > 0)
        return missing('Settings are read where they are used; what is missing shows when it is needed.', reads);
      return notApplicable('No settings were seen to be read from the environment.');
    },
  },
  {
    id: 'errors/debug-off',
    area: 'error handling',
    category: 'security',
    severity: 'high',
    title: 'Debugging is not switched on by the code',
    items: ['S1-65', 'S1-124', 'S3-121'],
    fix: 'leave it off by default, and refuse to start in production with it on',
    verify: "git grep -nE 'DEBUG *= *True|debug=True|include-stacktrace'",
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const on = survey.find(DEBUG, {
        roles: ['source', 'settings', 'deployment', 'container'],
        paths: NOT_FOR_DEVELOPMENT,
      });
      return on.length > 0
        ? missing('It is switched on, whoever runs it.', on)
        : met('It was not seen to be switched on.', []);
    },
  },
  {
    id: 'validation/input',
    area: 'validation',
    category: 'security',
    severity: 'high',
    title: 'What comes in is checked against a schema, lengths included',
    items: ['S0-2', 'S1-33', 'S1-36', 'S1-111', 'S3-5'],
    fix: {
      node: 'give each route a schema (zod, ajv, class-validator) with lengths and ranges, and use only what it returns',
      python: 'take bodies as pydantic models with `Field(min_length=…, max_length=…)`',
      java: 'take bodies as classes with @NotBlank and @Size, and @Valid before them',
      other: 'check each body, query and path against a schema with lengths and ranges',
    },
    verify:
      "curl -s -o /dev/null -w '%{http_code}\\n' -X POST \"$URL/<route>\" -H 'content-type: application/json' -d '{\"unexpected\":{}}'  # 400 or 422",
    judge(survey, { servesHttp, framework, ecosystem }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const raw = survey.find(RAW_INPUT);
      const checks = [...survey.imported(libraries.VALIDATION), ...survey.find(TYPED_INPUT)];
      if (framework === 'Spring' || ecosystem === 'java') {
        const bodies = survey.count(REQUEST_BODY);
        const valid = survey.count(VALID);
        if (bodies === 0) return notApplicable('No request body was seen to be taken.');
        if (valid === 0)
          return missing(`${bodies} bodies are taken, and no @Valid was seen.`, survey.find(REQUEST_BODY));
        if (valid < bodies)
          return partly(`${bodies} bodies are taken, and ${valid} @Valid were seen.`, survey.find(REQUEST_BODY));
        return met(`${bodies} bodies are taken with ${valid} @Valid.`, survey.find(VALID));
      }
      if (checks.length === 0 && raw.length === 0) return notApplicable('No input but addresses was seen to be taken.');
      if (checks.length === 0) return missing('Input is used as it comes.', raw);
      if (raw.length > 0 && (framework === 'FastAPI' || framework === 'Flask' || framework === 'Django'))
        return partly('Some input is checked by schemas; here it is taken as it comes.', raw);
      return met('Input is checked by schemas.', checks.slice(0, 3));
    },
  },
  {
    id: 'validation/body-size',
    area: 'validation',
    category: 'reliability',
    severity: 'medium',
    title: 'A request cannot be larger than the program can bear',
    items: ['S0-2', 'S1-36', 'S3-57'],
    fix: 'bound the body in the server or in the proxy before it, near the largest that a route needs',
    verify:
      'head -c 200000000 /dev/zero | curl -s -o /dev/null -w \'%{http_code}\\n\' -X POST --data-binary @- "$URL/<route>"  # 413',
    judge(survey, { servesHttp, framework }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const bound = survey.find(BODY_LIMIT, { roles: ['source', 'deployment', 'settings'] });
      if (bound.length > 0) return met('Bodies are bounded here.', bound);
      if (framework === 'Fastify') return met('Fastify refuses bodies above 1 MiB by itself.', servesHttp);
      if (framework === 'NestJS') return met('NestJS refuses JSON above 100 kB by itself.', servesHttp);
      if (framework === 'Django') return met('Django refuses form data above 2.5 MB by itself.', servesHttp);
      const byDefault = survey.find(DEFAULT_BODY_LIMIT);
      if (byDefault.length > 0) return met('express.json refuses bodies above 100 kB by itself.', byDefault);
      if (framework === 'Spring')
        return partly(
          'Spring bounds forms and uploads by itself; JSON bodies are not bounded, and no limit was seen.',
          servesHttp,
        );
      return missing('No bound was seen, and this framework has none by itself.');
    },
  },
  {
    id: 'validation/sql',
    area: 'validation',
    category: 'security',
    severity: 'critical',
    title: 'Values reach the database as parameters, never as part of the statement',
    items: ['S1-36', 'S2-51'],
    fix: 'write placeholders in the statement and give the values beside it',
    verify: "git grep -nE '(execute|query)\\((f[\"'\\'']|`[^`]*\\$\\{)'",
    judge(survey, { usesDatabase }) {
      const built = BUILT_SQL.flatMap((pattern) => survey.find(pattern, { most: 50 })).slice(0, 3);
      if (built.some(({ text }) => OF_A_REQUEST.test(text)))
        return missing('A statement is put together from values that seem to come from outside.', built);
      if (built.length > 0)
        return partly('A statement is put together; that its values come from outside is not seen.', built);
      if (usesDatabase.length === 0) return notApplicable(NO_DATABASE);
      return met('No statement was seen that is put together from values.', []);
    },
  },
];

const IGNORES_ENV_LINE = new RegExp(IGNORES_ENV.source, 'gm');
/** Samples hold stand-ins on purpose. */
const NOT_A_SAMPLE = /^(?!.*(?:example|sample|template|\.dist$|\.env\.test|local|README))/i;
const NOT_FOR_DEVELOPMENT = /^(?!.*(?:dev|local|test|example|sample))(?!.*\.[cm]?[jt]sx?$)/i;
