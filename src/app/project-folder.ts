import { join } from 'node:path';

/** Where the program, its migrations, its documents and the built console are. */
export const projectFolder = join(import.meta.dirname, '..', '..');
