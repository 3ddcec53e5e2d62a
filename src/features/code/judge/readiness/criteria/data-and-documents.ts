import {
  type Criterion,
  met,
  missing,
  NO_DATABASE,
  NO_HTTP,
  notApplicable,
  partly,
  seenOrMissing,
  unknown,
} from '../criterion.ts';
import * as libraries from '../libraries.ts';
import type { Survey } from '../survey.ts';

const POOL =
  /\b(?:max_?pool_?size|maximum-?pool-?size|pool_size|max_overflow|pool_pre_ping|poolSize|connectionLimit|connection_limit|CONN_MAX_AGE|SetMaxOpenConns|SetMaxIdleConns|max_connections|maximumPoolSize|min_?size|maxPoolSize)\b|\bnew Pool\(|\bcreatePool\(|\bpgxpool\.|\bhikari\b|\bconnectionTimeoutMillis\b|\bpool:\s{0,4}(?:\{|<%=|\d)/gi;
const POOL_BY_ITSELF = [
  'spring-boot-starter-data-jpa',
  'spring-boot-starter-jdbc',
  'rails',
  'mongoose',
  '@prisma/client',
  'pgxpool',
  'database/sql',
  'sqlalchemy',
  'sqlmodel',
];
const STATEMENT_TIMEOUT =
  /\bstatement_?timeout\b|\bquery_?timeout\b|\bcommand_?timeout\b|\bmax_execution_time\b|\bjavax\.persistence\.query\.timeout\b|\bjakarta\.persistence\.query\.timeout\b|\bsetQueryTimeout\(|\bsocketTimeoutMS\b|\bmaxTimeMS\b|\bidle_in_transaction_session_timeout\b|\bQueryContext\(|\bExecContext\(|@Transactional\([^)\n]{0,60}timeout/gi;
const INDEX =
  /\bCREATE (?:UNIQUE )?INDEX\b|\bop\.create_index\(|\bindex\s{0,4}=\s{0,4}True\b|\bIndex\(\s{0,4}['"]|@Index\b|@@index\b|\bcreateIndex\b|\badd_index\b|\bt\.index\b|\bindexes\s{0,4}=\s{0,4}\[|\bHasIndex\(|\.index\(\s{0,4}[[{'"]|\bgorm:"[^"\n]{0,80}index/gi;

const MIGRATION_LIBRARIES = [
  ...[
    'alembic',
    'flyway-core',
    'flyway-database-postgresql',
    'liquibase-core',
    'org.flywaydb',
    'knex',
    'umzug',
    'node-pg-migrate',
    'db-migrate',
    'dbmate',
  ],
  ...[
    'drizzle-kit',
    'prisma',
    '@mikro-orm/migrations',
    'migrate-mongo',
    'github.com/golang-migrate/migrate',
    'github.com/pressly/goose',
    'rails',
    'laravel/framework',
    'ecto_sql',
    'aerich',
    'yoyo-migrations',
    'postgrator',
  ],
];
const CREATED_AT_START =
  /\.create_all\(|\bsynchronize\s{0,4}:\s{0,4}true\b|\bddl-auto\s{0,4}[:=]\s{0,4}["']?(?:update|create|create-drop)\b|\b(?:sequelize|db|orm|database|models?|connection)\.sync\(|\bAutoMigrate\(|\bEnsureCreated\(|\bcreateSchema\(|\bgenerate_schemas\(/g;
const BACKWARD =
  /\bdef downgrade\(|\bexports\.down\b|\bfunction down\(|\basync down\(|\bdown\(\s{0,4}(?:queryRunner|knex|pgm)|--\s{0,4}(?:migrate:\s{0,4}down|\+goose Down|rollback)|\bDOWN\b/g;
const BACKUPS =
  /\bpg_dump(?:all)?\b|\bpg_basebackup\b|\bpgbackrest\b|\bwal-g\b|\bbarman\b|\bmysqldump\b|\bmongodump\b|\bxtrabackup\b|\bvelero\b|\brestic\b|\bbackup_retention_period\b|\bbackup_window\b|\bpoint_in_time_recovery\b|\bbackup_configuration\b|\bkind:\s{0,4}(?:ScheduledBackup|BackupSchedule)\b|\blitestream\b/gi;
const RESTORE =
  /\bpg_restore\b|\bmongorestore\b|\brestor(?:e|ing|ed)\b[^\n]{0,80}\b(?:backup|dump|snapshot|database|point)|\b(?:backup|dump|snapshot|database)\b[^\n]{0,80}\brestor(?:e|ing|ed)\b/gi;

const START_WORDS =
  /\b(?:install|start|run|usage|quick ?start|getting started|docker|npm|pip|mvn|gradle|go run|make)\b/i;
const SAMPLE_SETTINGS =
  /(?:^|\/)(?:\.?env\.(?:example|sample|template|dist)|\.env\.[\w-]{0,20}(?:example|sample|template)|example\.env|sample\.env|env\.example|application-example\.ya?ml|config\.example\.\w{1,6})$/i;
const OPENAPI_FILES = /(?:^|\/)(?:openapi|swagger)[^/]*\.(?:ya?ml|json)$|\.(?:proto|graphqls?)$/i;
const VERSIONED =
  /['"`(]\/?(?:api\/)?v\d{1,2}(?:\/|['"`)])|\benableVersioning\(|\bApiVersion\b|\bAPI_VERSION\b|\bVersioning\b/g;
const OPERATING =
  /(?:^|\/)(?:runbook|operations?|operating|operate|deploy(?:ment|ing)?|production|on-?call|playbook|incident|rollback|disaster|sre)[^/]*(?:\.(?:md|rst|adoc|txt)$|\/[^/]+\.(?:md|rst|adoc)$)/i;
const OPERATING_HEADING =
  /^#{1,4}\s[^\n]{0,60}\b(?:deploy(?:ment|ing)?|runbook|roll ?back|operat(?:e|ing|ions)|production)\b/gim;
const ROLLBACK = /\broll(?:ing)?[ -]?back\b|\brevert(?:ing)? (?:to|the) (?:previous|deployment|release)/gi;
const CACHE_HEADERS =
  /\bcache-control\b|@Cacheable\b|\bcache_control\(|\bCacheControl\b|@cache\b|@lru_cache\b|@cached\b/gi;

/** What is kept, and what is written down. */
export const DATA_AND_DOCUMENTS: readonly Criterion[] = [
  {
    id: 'database/pool',
    area: 'database',
    category: 'performance',
    severity: 'medium',
    title: 'Connections to the database are pooled, within bounds that can be set',
    items: ['S0-1', 'S1-29', 'S1-32', 'S3-69', 'S3-70', 'S3-71', 'S3-72'],
    fix: {
      python: 'give create_engine pool_size, max_overflow, pool_timeout and pool_pre_ping from settings',
      node: 'open one Pool with max and connectionTimeoutMillis from settings',
      other: 'use one pool, its size and waiting time from settings',
    },
    verify: "git grep -niE 'pool_size|maximum-pool-size|new Pool|SetMaxOpenConns'",
    judge(survey, { usesDatabase }) {
      if (usesDatabase.length === 0) return notApplicable(NO_DATABASE);
      const seen = survey.find(POOL, { roles: ['source', 'settings'] });
      if (seen.length > 0) return met('Its pool is set up here.', seen);
      const byItself = survey.uses(POOL_BY_ITSELF);
      return byItself.length > 0
        ? partly('The library pools by itself, with its own defaults; nothing sets them.', byItself)
        : missing('No pool was seen.', usesDatabase.slice(0, 1));
    },
  },
  {
    id: 'database/time-limit',
    area: 'database',
    category: 'performance',
    severity: 'medium',
    title: 'A statement that takes too long is ended',
    items: ['S3-76', 'S0-19', 'S3-78'],
    fix: 'set statement_timeout for the program’s role or connections (some 30 s), and log what takes longer than a second',
    verify: 'psql "$DATABASE_URL" -c "show statement_timeout"  # not 0, as the program’s role',
    judge(survey, { usesDatabase }) {
      if (usesDatabase.length === 0) return notApplicable(NO_DATABASE);
      return seenOrMissing(
        survey.find(STATEMENT_TIMEOUT, { roles: ['source', 'settings', 'migration', 'deployment'] }),
        'Statements are bounded here.',
        'No bound for a statement was seen.',
      );
    },
  },
  {
    id: 'database/indexes',
    area: 'database',
    category: 'performance',
    severity: 'medium',
    title: 'What is looked for often is indexed',
    items: ['S0-15', 'S0-16', 'S0-17', 'S0-18', 'S0-33', 'S3-75'],
    fix: 'add indexes by a migration for the columns that lists filter and sort by, the tenant’s and foreign keys first',
    verify:
      'psql "$DATABASE_URL" -c "select relname, seq_scan, idx_scan from pg_stat_user_tables order by seq_scan desc limit 10"',
    judge(survey, { usesDatabase }) {
      if (usesDatabase.length === 0) return notApplicable(NO_DATABASE);
      const seen = survey.find(INDEX, {
        roles: ['source', 'migration', 'other'],
        paths: /\.(?:sql|py|[cm]?[jt]s|java|kt|rb|php|go|prisma|xml|ya?ml|cs|exs?)$/,
      });
      return seenOrMissing(
        seen,
        'There are indexes; whether they are the right ones the statistics of a running database say.',
        'No index beyond keys was seen.',
      );
    },
  },
  {
    id: 'performance/cache',
    area: 'performance',
    category: 'performance',
    severity: 'low',
    title: 'What is dear to make and asked for often is kept',
    items: ['S1-91', 'S1-92', 'S3-95'],
    fix: 'measure first; then keep what is asked for most for a bounded time and in bounded number, and say so in Cache-Control',
    verify: 'curl -si "$URL/<what is asked for most>" | grep -i cache-control',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = [...survey.uses(libraries.CACHES), ...survey.find(CACHE_HEADERS)].slice(0, 3);
      return seenOrMissing(seen, 'Something is kept.', 'Nothing was seen that is kept; a small program may need none.');
    },
  },
  {
    id: 'migrations/exist',
    area: 'migrations',
    category: 'reliability',
    severity: 'high',
    title: 'The database’s form changes by migrations alone',
    items: ['S0-18', 'S1-86', 'S1-88', 'S3-8', 'S3-35'],
    fix: {
      python: 'use alembic: `alembic revision --autogenerate`, read it, commit it; take create_all out of the start',
      node: 'use the migrations of your library (Prisma, Drizzle, TypeORM, Kysely); switch `synchronize` off',
      java: 'use Flyway or Liquibase, with spring.jpa.hibernate.ddl-auto=validate',
      other: 'use a migration tool, its files in this code base, run before the new version serves',
    },
    verify: 'apply all migrations to an empty database, and compare with production',
    judge(survey, { usesDatabase }) {
      if (usesDatabase.length === 0) return notApplicable(NO_DATABASE);
      if (usesOnlyDocuments(survey)) return notApplicable('Its database has no tables with a fixed form.');
      const files = survey.files('migration');
      const evidence = files.slice(0, 3).map(({ path }) => ({ path, line: null, text: '' }));
      const atStart = survey.find(CREATED_AT_START, {
        roles: ['source', 'settings'],
        paths: /^(?!.*(?:test|dev|local))/i,
      });
      if (files.length > 0 && atStart.length > 0)
        return partly(`There are ${files.length} migrations, and a start that makes tables beside them.`, atStart);
      if (files.length > 0) return met(`There are ${files.length} migrations.`, evidence);
      if (atStart.length > 0) return missing('Tables are made at the start, and never changed with care.', atStart);
      const tool = [...survey.uses(MIGRATION_LIBRARIES), ...survey.declared(MIGRATION_LIBRARIES)].slice(0, 3);
      return tool.length > 0
        ? partly('A tool for migrations is there; no migration was seen.', tool)
        : missing('No migration was seen.', usesDatabase.slice(0, 1));
    },
  },
  {
    id: 'migrations/backward',
    area: 'migrations',
    category: 'reliability',
    severity: 'low',
    title: 'A migration can be taken back',
    items: ['S1-90', 'S3-77', 'S3-82'],
    fix: 'write the way back with each migration, or the rule that each bears the version before, and say which',
    verify: 'apply the last migration, take it back, apply it again, on a copy',
    judge(survey) {
      const files = survey.files('migration');
      if (files.length === 0) return notApplicable('There are no migrations.');
      const backward = files.filter(
        ({ original, path }) => original.search(BACKWARD) >= 0 || /(?:\.down\.sql|\/down\.sql|^U\d)/.test(path),
      );
      const evidence = backward.slice(0, 3).map(({ path }) => ({ path, line: null, text: '' }));
      if (backward.length === 0) return missing('No migration was seen to have a way back.');
      if (backward.length * 2 < files.length)
        return partly(`${backward.length} of ${files.length} files have a way back.`, evidence);
      return met(`${backward.length} of ${files.length} files have a way back.`, evidence);
    },
  },
  {
    id: 'backups/made',
    area: 'backups',
    category: 'reliability',
    severity: 'high',
    title: 'What is stored is copied away, by itself and often',
    items: ['S1-97', 'S1-98', 'S3-74', 'S3-125'],
    fix: 'make backups by a schedule (pgBackRest, WAL-G, the provider’s own), keep some off the machine, watch that the last one is young',
    verify: 'look for the age and size of the last backup',
    judge(survey, { usesDatabase }) {
      if (usesDatabase.length === 0) return notApplicable(NO_DATABASE);
      const seen = survey.find(BACKUPS, {
        roles: ['source', 'deployment', 'settings', 'container', 'pipeline', 'other'],
        paths: /^(?!.*\.(?:md|html?|svg|lock)$)/,
      });
      return seen.length > 0
        ? met('Backups are made here; when the last was, is for a person to look at.', seen)
        : unknown('Nothing was seen that makes backups; the database’s provider may.');
    },
  },
  {
    id: 'backups/restored',
    area: 'backups',
    category: 'reliability',
    severity: 'medium',
    title: 'It is written down how a backup is restored',
    items: ['S1-99', 'S1-100', 'S1-101'],
    fix: 'write the steps of a restore with its duration, and go through them every few months',
    verify: 'restore the last backup to another machine, by what is written, with a watch',
    judge(survey, { usesDatabase }) {
      if (usesDatabase.length === 0) return notApplicable(NO_DATABASE);
      const seen = survey.find(RESTORE, {
        roles: ['document', 'source', 'deployment', 'other'],
        paths: /\.(?:md|rst|adoc|sh|[cm]?[jt]s|py|ya?ml|txt|go|java)$/,
      });
      return seen.length > 0
        ? met('A restore is spoken of here; whether it was tried, is for a person to ask.', seen)
        : unknown('No way of restoring was seen; it may be written elsewhere.');
    },
  },
  {
    id: 'documentation/readme',
    area: 'documentation',
    category: 'documentation',
    severity: 'medium',
    title: 'A newcomer reads what it is and how it is started',
    items: ['S1-116', 'S3-81'],
    fix: 'write a README: what it is in a sentence, what it needs, the commands that start and test it',
    verify: 'follow it on a machine that has never seen it',
    judge(survey) {
      const readme = survey.files('document').find(({ path }) => /^readme(?:\.\w{1,8})?$/i.test(path));
      if (!readme) return missing('There is no README.');
      const evidence = [{ path: readme.path, line: null, text: '' }];
      if (readme.text.trim().length < SHORTEST_README) return partly('It has fewer than 300 characters.', evidence);
      return START_WORDS.test(readme.text)
        ? met('It says how to begin.', evidence)
        : partly('It does not say how to begin.', evidence);
    },
  },
  {
    id: 'documentation/settings',
    area: 'documentation',
    category: 'documentation',
    severity: 'medium',
    title: 'Each setting is written down, with an example',
    items: ['S0-3', 'S1-117', 'S2-58', 'S3-145'],
    fix: 'keep a .env.example with every setting, its default and a line of what it does, without real secrets',
    verify: 'cp .env.example .env, fill it, start',
    judge(survey) {
      const sample = survey.named(SAMPLE_SETTINGS);
      if (sample.length > 0) return met('There is an example.', sample);
      const table = survey.find(/^\|\s{0,4}`?[A-Z][A-Z0-9_]{3,60}`?\s{0,4}\|/gm, { roles: ['document'] });
      if (table.length > 0) return met('They are in a table.', table);
      const reads = survey.find(
        /\bprocess\.env\.\w|\bos\.(?:getenv|environ)\b|\bSystem\.getenv\(|\bos\.Getenv\(|\$\{[A-Z_]{3,40}[:}]/g,
        { roles: ['source', 'settings'] },
      );
      if (reads.length > 0) return missing('Settings are read, and no example of them was seen.', reads);
      return notApplicable('No settings were seen to be read from the environment.');
    },
  },
  {
    id: 'documentation/api',
    area: 'documentation',
    category: 'documentation',
    severity: 'medium',
    title: 'The API is described, for people and programs',
    items: ['S1-80', 'S1-81', 'S1-82', 'S1-85', 'S3-86'],
    fix: {
      node: 'make OpenAPI from the schemas of the routes (@fastify/swagger, @nestjs/swagger, zod-to-openapi)',
      java: 'add springdoc-openapi',
      other: 'keep an OpenAPI description that is made from the code or tested against it',
    },
    verify: 'curl -s "$URL/openapi.json" | head -c 200',
    judge(survey, { servesHttp, framework }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const seen = [...survey.uses(libraries.OPENAPI_LIBRARIES), ...survey.named(OPENAPI_FILES)].slice(0, 3);
      if (seen.length > 0) return met('It is described here.', seen);
      if (framework === 'FastAPI') {
        const off = survey.find(/\bopenapi_url\s{0,4}=\s{0,4}None/g);
        return off.length > 0
          ? missing('FastAPI’s description is switched off.', off)
          : met('FastAPI describes it by itself, at /docs.', servesHttp);
      }
      return missing('No description was seen.');
    },
  },
  {
    id: 'documentation/versioned',
    area: 'documentation',
    category: 'documentation',
    severity: 'low',
    title: 'The API has a version, so that it can change',
    items: ['S1-84', 'S3-89'],
    fix: 'put the version into the address (`/v1`), and write down what may change within one',
    verify: 'curl -s -o /dev/null -w "%{http_code}\\n" "$URL/v1/<a route>"',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      return seenOrMissing(
        survey.find(VERSIONED, { roles: ['source', 'settings'] }),
        'It has one.',
        'No version was seen in its addresses.',
      );
    },
  },
  {
    id: 'documentation/operating',
    area: 'documentation',
    category: 'documentation',
    severity: 'medium',
    title: 'It is written down how it is deployed, and how a deployment is taken back',
    items: ['S1-116', 'S2-96', 'S3-81', 'S3-82', 'S3-142', 'S3-143', 'S3-146'],
    fix: 'write a page for those who run it: deploy, look, take back, and what to do about each alert',
    verify: 'have somebody deploy and take back by the page alone',
    judge(survey, { servesHttp }) {
      if (servesHttp.length === 0) return notApplicable(NO_HTTP);
      const pages = [...survey.named(OPERATING), ...survey.find(OPERATING_HEADING, { roles: ['document'] })].slice(
        0,
        2,
      );
      const back = survey.find(ROLLBACK, { roles: ['document'], most: 1 });
      if (pages.length > 0 && back.length > 0) return met('It is written here.', [...pages, ...back]);
      if (pages.length > 0) return partly('Deploying is written down; taking back was not seen.', pages);
      return unknown('Nothing of it was seen; it may be written elsewhere.');
    },
  },
];

const SHORTEST_README = 300;

function usesOnlyDocuments(survey: Survey): boolean {
  if (survey.uses(libraries.DOCUMENT_STORES).length === 0) return false;
  return survey.uses(libraries.DATABASES.filter((name) => !libraries.DOCUMENT_STORES.includes(name))).length === 0;
}
