import { writeSync } from 'node:fs';
import { lockDataFolder } from '../data-folder-lock.ts';

/** Holds the folder named in its argument until it is killed. */
lockDataFolder(process.argv[2] ?? '');
writeSync(1, 'held\n');
setInterval(() => undefined, 1_000_000);
