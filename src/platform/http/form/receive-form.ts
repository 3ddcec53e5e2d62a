import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { requestErrors } from '../errors.ts';
import { type FormFile, type FormLimits, type FormPart, readForm } from './read-form.ts';
import { openSpool, type Spool } from './spool.ts';

const MEBIBYTE = 1024 * 1024;
/** Forms of the largest size that may wait in one process at once. */
const MOST_AT_ONCE = 4;

/**
 * Does `work` with the parts of a form: as they arrive, or, where the request has an `Idempotency-Key`, once all have
 * arrived, and once however often it is repeated. A repeat is recognised by what is said in the form: names, values, types
 * and bytes, in their order; not by the boundary, which is another each time. `work` resolves to JSON.
 * @throws ApiError what `readForm` and `work` throw; ERR_SERVER_004
 */
export async function receiveForm<Result>(
  request: FastifyRequest,
  limits: FormLimits,
  work: (parts: AsyncIterable<FormPart>) => Promise<Result>,
): Promise<Result> {
  const parts = readForm(request, limits);
  if (request.headers['idempotency-key'] === undefined) return await work(parts);
  await using spool = await openSpool(MOST_AT_ONCE * limits.fileBytes);
  const kept: KeptPart[] = [];
  for await (const part of parts) kept.push(await keep(spool, part, kept, limits.fileBytes));
  return await request.once(() => work(replay(spool, kept)), digestOf(kept));
}

type KeptFile = Omit<FormFile, 'bytes'> & { start: number; end: number; hash: string };
type KeptPart = Exclude<FormPart, FormFile> | KeptFile;

async function keep(spool: Spool, part: FormPart, before: readonly KeptPart[], mostBytes: number): Promise<KeptPart> {
  if (part.kind === 'field') return part;
  const { bytes, ...named } = part;
  const isFirst = !before.some(({ kind }) => kind === 'file');
  const start = spool.size;
  const hash = createHash('sha256');
  for await (const block of bytes) {
    // A single file that is too large is refused as it is without a key.
    if (!isFirst && spool.size + block.length > mostBytes) throw tooMuchTogether(part.name, mostBytes);
    hash.update(block);
    await spool.write(block);
  }
  return { ...named, start, end: spool.size, hash: hash.digest('base64url') };
}

function tooMuchTogether(field: string, mostBytes: number) {
  const size = Math.floor((mostBytes / MEBIBYTE) * 10) / 10;
  const message = `may have ${size} MiB together in a request with an Idempotency-Key; send each in a request of its own`;
  return requestErrors.tooLarge(`${field} ${message}`, { fields: [{ field, message }] });
}

async function* replay(spool: Spool, kept: readonly KeptPart[]): AsyncGenerator<FormPart> {
  for (const part of kept) {
    if (part.kind === 'field') yield part;
    else yield { ...part, bytes: spool.read(part.start, part.end) };
  }
}

function digestOf(kept: readonly KeptPart[]): string {
  const said = kept.map((part) =>
    part.kind === 'field'
      ? [part.name, part.value]
      : [part.name, part.filename, part.contentType, part.end - part.start, part.hash],
  );
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url');
}
