import { Command } from 'commander';
import { runAsk } from './commands/ask.ts';
import { runEnv } from './commands/env.ts';
import { runIngest } from './commands/ingest.ts';
import {
  migrateDownCommand,
  migrateStatusCommand,
  migrateTenantCommand,
  migrateUpCommand,
} from './commands/migrate.ts';
import { runResetPassword } from './commands/reset-password.ts';
import { runRotateKeys } from './commands/rotate-keys.ts';
import { runRotateSecrets } from './commands/secrets.ts';
import { runServe } from './commands/serve.ts';
import {
  runTenantCreate,
  runTenantDelete,
  runTenantExport,
  runTenantImport,
  runTenantList,
  runTenantResume,
  runTenantSuspend,
} from './commands/tenant.ts';
import { runWorker } from './commands/worker.ts';
import { fail } from './failures.ts';
import { version } from './version.ts';

const program = new Command('parley')
  .description('Self-hosted backend for AI chat products.')
  .version(version)
  .showHelpAfterError('(parley --help lists the commands)');

program.command('serve').description('serve the API and the console').action(runServe);
program.command('worker').description('work on jobs and take over runs, without HTTP').action(runWorker);

const migrate = program.command('migrate').description('bring the database to this version').action(migrateUpCommand);
migrate
  .command('status')
  .description('what is applied and what is pending, schema by schema')
  .action(migrateStatusCommand);
migrate
  .command('up')
  .description('apply what is pending, to the platform and to every tenant')
  .action(migrateUpCommand);
migrate
  .command('down')
  .description('take back the last migration of one schema')
  .requiredOption('--schema <name>', 'platform, or tenant_<slug>')
  .action(migrateDownCommand);
migrate.command('tenant <slug>').description('migrate one tenant').action(migrateTenantCommand);

program
  .command('ask <question>')
  .description('answer a question from the documents in a folder, with citations')
  .requiredOption('--docs <folder>', 'folder with documents; sub-folders count')
  .option('--model <name>', 'provider/model, or extractive')
  .option('--json', 'one JSON object for programs instead of text')
  .option('--fresh', 'read every document again')
  .action(runAsk);

program
  .command('ingest <folder>')
  .description('bring a folder of documents into a tenant, and what is gone from it out')
  .requiredOption('--tenant <slug>', 'the tenant')
  .action(runIngest);

program
  .command('reset-password <email>')
  .description('give an account a new password, and end its logins')
  .option('--second-factor', 'remove its second factor, too')
  .action(runResetPassword);

const tenant = program.command('tenant').description('make, suspend, move and delete tenants');
tenant
  .command('create <name>')
  .description('make a tenant')
  .option('--slug <slug>', 'its name in addresses and in the database')
  .option('--owner <email>', 'an account that is to own it')
  .action(runTenantCreate);
tenant.command('list').description('every tenant, with its state').action(runTenantList);
tenant
  .command('suspend <slug>')
  .description('end all access at once; nothing is lost')
  .option('--reason <text>', 'why')
  .action(runTenantSuspend);
tenant.command('resume <slug>').description('give access again').action(runTenantResume);
tenant.command('export <slug> <file>').description('all of its data as one archive').action(runTenantExport);
tenant
  .command('import <file>')
  .description('make a new tenant of an archive')
  .option('--slug <slug>', 'instead of the slug in the archive')
  .option('--name <name>', 'instead of the name in the archive')
  .action(runTenantImport);
tenant
  .command('delete <slug>')
  .description('delete it with all it has, for good; prints the signed receipt')
  .requiredOption('--confirm <slug>', 'the slug once more')
  .action(runTenantDelete);

program
  .command('secrets')
  .description('keys that seal what is stored')
  .command('rotate')
  .description('seal everything with the first of ENCRYPTION_KEYS, so that older ones can go')
  .action(runRotateSecrets);

program
  .command('keys')
  .description('the keys that sign access tokens')
  .command('rotate')
  .description('sign with another key from now on')
  .option('--overlap <minutes>', 'how long older keys are believed; 0 for a key that got out')
  .action(runRotateKeys);

program
  .command('env')
  .description('check the settings')
  .option('--example', 'print .env.example')
  .option('--errors', 'print the table of error codes')
  .action(runEnv);

await program.parseAsync().catch(fail);
