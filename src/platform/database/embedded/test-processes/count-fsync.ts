import fs, { writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Loaded with `--import` before anything else, in every thread: says "fsync" on standard output for each call. */
const fsyncSync = fs.fsyncSync;
fs.fsyncSync = (descriptor) => {
  writeSync(1, 'fsync\n');
  fsyncSync(descriptor);
};
syncBuiltinESMExports();
