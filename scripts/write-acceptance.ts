import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acceptanceTable } from './acceptance/table.ts';

await writeFile(join(import.meta.dirname, '../docs/acceptance.md'), acceptanceTable());
