import { Command } from 'commander';
import { version } from './version.ts';

// Whoever read our output may be gone: `| head`, a closed terminal, a collector of logs that died. Without this each line
// would be a fault, whose own line is the next one, for ever; a server goes on to serve.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

// Each command loads what it needs when it runs: --help and a wrong option answer at once.
const program = new Command('parley')
  .description('Self-hosted backend for AI chat products.')
  .version(version)
  .showHelpAfterError('(parley --help lists the commands)');

program
  .command('serve')
  .description('serve the API and the console')
  .action(async () => (await import('./commands/serve.ts')).runServe());
program
  .command('worker')
  .description('work on jobs and take over runs, without HTTP')
  .action(async () => (await import('./commands/worker.ts')).runWorker());

const migrate = program
  .command('migrate')
  .description('bring the database to this version')
  .action(async () => (await import('./commands/migrate.ts')).migrateUpCommand());
migrate
  .command('status')
  .description('what is applied and what is pending, schema by schema')
  .action(async () => (await import('./commands/migrate.ts')).migrateStatusCommand());
migrate
  .command('up')
  .description('apply what is pending, to the platform and to every tenant')
  .action(async () => (await import('./commands/migrate.ts')).migrateUpCommand());
migrate
  .command('down')
  .description('take back the last migration of one schema, or every schema to a number')
  .option('--schema <name>', 'platform, or tenant_<slug>: its last migration')
  .option('--to <number>', 'all migrations behind this one, of the platform and of every tenant')
  .action(async (options) => (await import('./commands/migrate.ts')).migrateDownCommand(options));
migrate
  .command('tenant <slug>')
  .description('migrate one tenant')
  .action(async (slug) => (await import('./commands/migrate.ts')).migrateTenantCommand(slug));

program
  .command('ask <question>')
  .description('answer a question from the documents in a folder, with citations')
  .requiredOption('--docs <folder>', 'folder with documents; sub-folders count')
  .option('--model <name>', 'provider/model, or extractive')
  .option('--json', 'one JSON object for programs instead of text')
  .option('--fresh', 'read every document again')
  .action(async (question, options) => (await import('./commands/ask.ts')).runAsk(question, options));

program
  .command('assess <place>')
  .description('measure and judge the code in a folder, an archive or at a git address')
  .option('--branch <name>', 'a branch or tag of the git repository')
  .option('--format <format>', 'text, json, markdown, sarif, html or pdf, on standard output', 'text')
  .option('--most <count>', 'findings that the text shows', '20')
  .option('--fail-on <severity>', 'end with 2 where a finding is as bad as that: critical, high, medium or low')
  .action(async (place, options) => (await import('./commands/assess.ts')).runAssess(place, options));

program
  .command('ingest <folder>')
  .description('bring a folder of documents into a tenant, and what is gone from it out')
  .requiredOption('--tenant <slug>', 'the tenant')
  .option('--allow-empty', 'remove all that was read from a folder that has no document any more')
  .action(async (folder, options) => (await import('./commands/ingest.ts')).runIngest(folder, options));

program
  .command('reset-password <email>')
  .description('give an account a new password, and end its logins')
  .option('--second-factor', 'remove its second factor, too')
  .action(async (email, options) => (await import('./commands/reset-password.ts')).runResetPassword(email, options));

const tenant = program.command('tenant').description('make, suspend, move and delete tenants');
tenant
  .command('create <name>')
  .description('make a tenant')
  .option('--slug <slug>', 'its name in addresses and in the database')
  .option('--owner <email>', 'an account that is to own it')
  .action(async (name, options) => (await import('./commands/tenant.ts')).runTenantCreate(name, options));
tenant
  .command('list')
  .description('every tenant, with its state')
  .action(async () => (await import('./commands/tenant.ts')).runTenantList());
tenant
  .command('suspend <slug>')
  .description('end all access at once; nothing is lost')
  .option('--reason <text>', 'why')
  .action(async (slug, options) => (await import('./commands/tenant.ts')).runTenantSuspend(slug, options));
tenant
  .command('resume <slug>')
  .description('give access again')
  .action(async (slug) => (await import('./commands/tenant.ts')).runTenantResume(slug));
tenant
  .command('export <slug> <file>')
  .description('all of its data as one archive')
  .action(async (slug, file) => (await import('./commands/tenant.ts')).runTenantExport(slug, file));
tenant
  .command('import <file>')
  .description('make a new tenant of an archive')
  .option('--slug <slug>', 'instead of the slug in the archive')
  .option('--name <name>', 'instead of the name in the archive')
  .action(async (file, options) => (await import('./commands/tenant.ts')).runTenantImport(file, options));
tenant
  .command('keys <slug>')
  .description('for which model providers it has keys of its own')
  .action(async (slug) => (await import('./commands/tenant.ts')).runTenantKeys(slug));
tenant
  .command('key <slug> <provider>')
  .description('set or replace its own key of a model provider, read from standard input')
  .option('--remove', 'take it away instead')
  .action(async (slug, provider, options) =>
    (await import('./commands/tenant.ts')).runTenantKey(slug, provider, options),
  );
tenant
  .command('delete <slug>')
  .description('delete it with all it has, for good; prints the signed receipt')
  .requiredOption('--confirm <slug>', 'the slug once more')
  .action(async (slug, options) => (await import('./commands/tenant.ts')).runTenantDelete(slug, options));

const backup = program
  .command('backup')
  .description('keep everything, sealed, in BACKUP_STORAGE')
  .action(async (options) => (await import('./commands/backup.ts')).runBackup(options));
backup
  .option('--tenant <slug>', 'one tenant instead of everything')
  .option('--verify', 'restore it for trial at once')
  .option('--keep <count>', 'then remove all backups of everything but the newest');
backup
  .command('list')
  .description('what there is')
  .option('--json', 'for programs')
  .action(async (options) => (await import('./commands/backup.ts')).runBackupList(options));
backup
  .command('verify [backup]')
  .description('restore one, or the newest, into a scratch database and compare')
  .option('--scratch <url>', 'an empty PostgreSQL database instead of an embedded one')
  .action(async (id, options) => (await import('./commands/backup.ts')).runBackupVerify(id, options));

program
  .command('restore <backup>')
  .description('put a backup (its name, or latest) into an empty database')
  .option('--replace', 'throw away what the database holds')
  .option('--slug <slug>', 'of a tenant, instead of the slug that it had')
  .option('--name <name>', 'of a tenant, instead of the name that it had')
  .action(async (id, options) => (await import('./commands/restore.ts')).runRestore(id, options));

const pitr = program.command('pitr').description('restore a PostgreSQL server to any second, by pgBackRest');
pitr
  .command('configure <folder>')
  .description('write what pgBackRest, PostgreSQL and cron need, into a new folder')
  .requiredOption('--cluster <folder>', 'data_directory of the server')
  .requiredOption('--repository <place>', 'folder on another machine’s disk, or s3://bucket/prefix')
  .option('--port <port>', 'of the server', '5432')
  .option('--socket <folder>', 'where its socket is, if elsewhere than its package puts it')
  .option('--keep <count>', 'full backups that stay', '2')
  .option('--within <seconds>', 'what a lost disk may cost', '60')
  .action(async (folder, options) => (await import('./commands/pitr.ts')).runPitrConfigure(folder, options));
pitr
  .command('status')
  .description('the backups that there are, and what is not well')
  .requiredOption('--config <file>', 'pgbackrest.conf')
  .option('--age <hours>', 'of the newest backup, at most', '26')
  .action(async (options) => (await import('./commands/pitr.ts')).runPitrStatus(options));
pitr
  .command('restore')
  .description('lay out the cluster of a stopped server as it was at a moment')
  .requiredOption('--config <file>', 'pgbackrest.conf')
  .requiredOption('--cluster <folder>', 'data_directory to restore into')
  .requiredOption('--to <time>', 'such as 2026-11-25T23:00:00Z')
  .option('--replace', 'overwrite the cluster that is there')
  .action(async (options) => (await import('./commands/pitr.ts')).runPitrRestore(options));

pitr
  .command('forget')
  .description('then, before servers start: delete again what was deleted after that moment')
  .action(async () => (await import('./commands/restore.ts')).runForgetAgain());

program
  .command('promote')
  .description('move the embedded database in DATA_DIR to the server of DATABASE_URL, and prove it')
  .option('--replace', 'throw away what the server’s database holds')
  .action(async (options) => (await import('./commands/promote.ts')).runPromote(options));

program
  .command('usage')
  .description('what was used and what it cost, of every tenant or of one, with its budgets')
  .option('--tenant <slug>', 'of this tenant')
  .option('--from <day>', 'first day, UTC; the first of this month when left out')
  .option('--to <day>', 'last day, UTC; today when left out')
  .option('--group-by <groups>', 'day, model, user, key and purpose, joined by commas; with --tenant')
  .option('--json', 'one JSON object for programs instead of text')
  .action(async (options) => (await import('./commands/usage.ts')).runUsage(options));

program
  .command('secrets')
  .description('keys that seal what is stored')
  .command('rotate')
  .description('seal everything with the first of ENCRYPTION_KEYS, so that older ones can go')
  .action(async () => (await import('./commands/secrets.ts')).runRotateSecrets());

program
  .command('keys')
  .description('the keys that sign access tokens')
  .command('rotate')
  .description('sign with another key from now on')
  .option('--overlap <minutes>', 'how long older keys are believed; 0 for a key that got out')
  .action(async (options) => (await import('./commands/rotate-keys.ts')).runRotateKeys(options));

const embeddings = program.command('embeddings').description('the vectors of each embedding model');
embeddings
  .command('status')
  .description('how far they are, tenant by tenant')
  .option('--tenant <slug>', 'of this tenant only')
  .action(async (options) => (await import('./commands/embeddings.ts')).runEmbeddingsStatus(options));
embeddings
  .command('serve <embedder>')
  .description('let searches use this model, or go back to it')
  .option('--tenant <slug>', 'of this tenant only')
  .action(async (embedder, options) =>
    (await import('./commands/embeddings.ts')).runEmbeddingsServe(embedder, options),
  );

program
  .command('receipt')
  .description('receipts of what was deleted')
  .command('verify <file>')
  .description('whether this installation gave it, just so')
  .action(async (file) => (await import('./commands/receipt.ts')).runReceiptVerify(file));

program
  .command('env')
  .description('check the settings')
  .option('--example', 'print .env.example')
  .option('--errors', 'print the table of error codes')
  .action(async (options) => (await import('./commands/env.ts')).runEnv(options));

const readiness = program
  .command('readiness')
  .description('prove what production asks for, keep the evidence, and judge: GO, CONDITIONAL GO or NO-GO')
  .option('--url <address>', 'the server to ask; the one of these settings when left out')
  .option('--load', 'also make load, on a scratch installation')
  .option('--drills', 'also cause faults, on scratch installations; implies --load')
  .option('--yes-production', 'allow that although this installation says production')
  .option('--only <names>', 'checks, kinds, categories or acceptance items, joined by commas')
  .option('--since <time>', 'keep evidence from then on, such as 24h, 7d or 2026-11-25; run the rest')
  .option('--waivers <file>', 'JSON list of {check, reason, owner, until}')
  .option('--format <format>', 'text, json, markdown, html, sarif or junit, on standard output', 'text')
  .option('--out <folder>', 'write the report in every format into this folder')
  .action(async (options) => (await import('./commands/readiness.ts')).runReadinessCommand(options));
readiness
  .command('catalogue')
  .description('the checks that there are, with what each proves')
  .action(async () => (await import('./commands/readiness.ts')).runReadinessCatalogue());
readiness
  .command('list')
  .description('the reports that are kept, newest first')
  .action(async () => (await import('./commands/readiness.ts')).runReadinessList());
readiness
  .command('show [report]')
  .description('one of them, or the latest')
  .action(async (id, _, command) =>
    (await import('./commands/readiness.ts')).runReadinessShow(id, command.optsWithGlobals()),
  );
readiness
  .command('verify')
  .description('whether nothing of the reports was changed, removed or added')
  .action(async () => (await import('./commands/readiness.ts')).runReadinessVerify());
readiness
  .command('diff <before> <after>')
  .description('what changed between two reports; latest is the newest')
  .action(async (before, after, _, command) =>
    (await import('./commands/readiness.ts')).runReadinessDiff(before, after, command.optsWithGlobals()),
  );

// To tell failures apart takes most of the program: --help and --version do without.
await program.parseAsync().catch(async (error) => (await import('./failures.ts')).fail(error));
