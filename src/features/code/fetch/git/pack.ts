import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { damaged, type FetchFault, tooLarge } from '../fetch-fault.ts';
import { applyDelta } from './delta.ts';
import { createObjectCache, type ObjectCache } from './object-cache.ts';

/** https://git-scm.com/docs/pack-format. Only read: nothing of it is ever written, checked out or run. */

export type ObjectKind = 'commit' | 'tree' | 'blob' | 'tag';
export type GitObject = { kind: ObjectKind; bytes: Buffer };

/** The objects of a pack, by their ids. */
export type Pack = {
  /** Null where it is not in the pack: it was too large to come along, or lies behind the depth. */
  read(id: string): GitObject | null;
};

const WHAT = 'What the git server sent';
const HEAD_BYTES = 12;
const KINDS: Readonly<Record<number, ObjectKind>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const OFFSET_DELTA = 6;
const REFERENCE_DELTA = 7;
/** One that claims more is no source text. */
const MOST_OBJECT_BYTES = 256 * 1024 * 1024;
/** As git itself makes them at most. */
const LONGEST_CHAIN = 4_096;
const LARGEST_CHUNK = 64 * 1024;

/** Where an object lies, and what it is made of. */
type Entry = { start: number; size: number; kind: ObjectKind | null; base: number | string | null };
type Step = { entry: Entry; offset: number };

/** Finds every object of a pack: to know where one ends, all of them are unpacked once. @throws FetchFault */
export function readPack(bytes: Buffer): Pack {
  const entries = new Map<number, Entry>();
  const offsets = new Map<string, number>();
  const cache = createObjectCache<number, GitObject>();
  const waiting: Step[] = [];
  const context = { bytes, entries, offsets, cache };
  for (let left = countOf(bytes), at = HEAD_BYTES; left > 0; left -= 1) {
    const { entry, end, content } = readEntry(bytes, at);
    entries.set(at, entry);
    const id = place(context, { entry, offset: at }, content);
    if (id === null) waiting.push({ entry, offset: at });
    at = end;
  }
  placeWaiting(context, waiting);
  return {
    read: (id) => {
      const offset = offsets.get(id);
      return offset === undefined ? null : contentAt(context, offset);
    },
  };
}

type Context = {
  bytes: Buffer;
  entries: ReadonlyMap<number, Entry>;
  offsets: Map<string, number>;
  cache: ObjectCache<number, GitObject>;
};

function countOf(bytes: Buffer): number {
  const isPack = bytes.length >= HEAD_BYTES && bytes.toString('latin1', 0, 4) === 'PACK' && bytes.readUInt32BE(4) === 2;
  if (!isPack) throw broken();
  return bytes.readUInt32BE(8);
}

function readEntry(bytes: Buffer, offset: number): { entry: Entry; end: number; content: Buffer } {
  let at = offset;
  const next = (): number => bytes[at++] ?? fail();
  let byte = next();
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let factor = 16; byte & 128; factor *= 128) {
    byte = next();
    size += (byte & 127) * factor;
    if (size > MOST_OBJECT_BYTES) throw tooLarge('A file of this repository', MOST_OBJECT_BYTES);
  }
  let base: Entry['base'] = null;
  if (type === OFFSET_DELTA) {
    byte = next();
    let back = byte & 127;
    while (byte & 128) {
      byte = next();
      back = (back + 1) * 128 + (byte & 127);
    }
    base = offset - back;
    if (base < HEAD_BYTES || base >= offset) throw broken();
  } else if (type === REFERENCE_DELTA) {
    base = bytes.toString('hex', at, at + 20);
    at += 20;
  } else if (!KINDS[type]) throw broken();
  const { content, packed } = inflate(bytes, at, size);
  return { entry: { start: at, size, kind: KINDS[type] ?? null, base }, end: at + packed, content };
}

/** Of the object's own size only: what unpacks to more is refused while it does. */
function inflate(bytes: Buffer, start: number, size: number): { content: Buffer; packed: number } {
  try {
    const options = {
      info: true,
      maxOutputLength: Math.max(size, 1),
      chunkSize: Math.min(Math.max(size, 64), LARGEST_CHUNK),
    };
    // With `info` it gives the engine besides, which knows how much was read; the types do not say so.
    const { buffer, engine } = inflateSync(bytes.subarray(start), options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    if (buffer.length !== size) throw broken();
    return { content: buffer, packed: engine.bytesWritten };
  } catch (error) {
    throw broken(error);
  }
}

/** Gives an object its id. Null where what it is made of has none yet. */
function place(context: Context, { entry, offset }: Step, content: Buffer): string | null {
  const object = entry.kind ? { kind: entry.kind, bytes: content } : unfold(context, entry, content);
  if (!object) return null;
  context.cache.put(offset, object, object.bytes.length);
  const id = createHash('sha1').update(`${object.kind} ${object.bytes.length}\0`).update(object.bytes).digest('hex');
  context.offsets.set(id, offset);
  return id;
}

function unfold(context: Context, { base }: Entry, delta: Buffer): GitObject | null {
  const offset = typeof base === 'string' ? context.offsets.get(base) : base;
  const found = offset === undefined || offset === null ? null : contentAt(context, offset);
  return found && { kind: found.kind, bytes: applyDelta(found.bytes, delta) };
}

/** Objects whose bases came behind them, each when its base is there. What is made of something that never came is left out. */
function placeWaiting(context: Context, waiting: readonly Step[]): void {
  const madeOf = Map.groupBy(waiting, ({ entry }) => entry.base);
  const take = (base: number | string): Step[] => {
    const steps = madeOf.get(base) ?? [];
    madeOf.delete(base);
    return steps;
  };
  const ready = [...madeOf.keys()].flatMap((base) =>
    typeof base === 'string' && context.offsets.has(base) ? take(base) : [],
  );
  for (let step = ready.pop(); step; step = ready.pop()) {
    const id = place(context, step, contentOf(context, step.entry));
    if (id !== null) for (const next of [...take(id), ...take(step.offset)]) ready.push(next);
  }
}

function contentOf({ bytes }: Context, { start, size }: Entry): Buffer {
  return inflate(bytes, start, size).content;
}

/** Without recursion, since a chain of deltas may be thousands long. Null where its base is not there. */
function contentAt(context: Context, offset: number): GitObject | null {
  const chain: Step[] = [];
  let object: GitObject | null = null;
  for (let at: number | undefined = offset; object === null; ) {
    const entry: Entry | undefined = context.entries.get(at ?? 0);
    if (at === undefined || !entry) return null;
    if (chain.length > LONGEST_CHAIN) throw broken();
    object = wholeAt(context, entry, at);
    if (object === null) chain.push({ entry, offset: at });
    at = typeof entry.base === 'string' ? context.offsets.get(entry.base) : (entry.base ?? undefined);
  }
  for (const { entry, offset: place } of chain.reverse()) {
    object = { kind: object.kind, bytes: applyDelta(object.bytes, contentOf(context, entry)) };
    context.cache.put(place, object, object.bytes.length);
  }
  return object;
}

/** Null for what is made of another. */
function wholeAt(context: Context, entry: Entry, offset: number): GitObject | null {
  const kept = context.cache.get(offset);
  if (kept) return kept;
  return entry.kind && { kind: entry.kind, bytes: contentOf(context, entry) };
}

function broken(cause?: unknown): FetchFault {
  return damaged(WHAT, cause);
}

function fail(): never {
  throw broken();
}
