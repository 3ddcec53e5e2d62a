import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A WebAssembly module, of which Node's types know nothing. */
export type CompiledPostgres = object;

declare const WebAssembly: { compile(program: Uint8Array): Promise<CompiledPostgres> };

let compiled: Promise<CompiledPostgres> | undefined;

/** PGlite's PostgreSQL, compiled once in a process. Threads that get it share what each of them has compiled of it, function
 * by function as they are first called: a first start opens its database twice. */
export function compiledPostgres(): Promise<CompiledPostgres> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<CompiledPostgres> {
  const folder = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
  return WebAssembly.compile(await readFile(join(folder, 'pglite.wasm')));
}
