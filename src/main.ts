import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code is kept beside the packages, not in the shared temporary folder where others could write it. A start takes
// half the processor time with it.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'parley'));
await import('./app/command-line.ts');
