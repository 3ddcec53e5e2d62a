import { gunzipSync } from 'node:zlib';
import { ZipArchive, type ZipFault } from '../../../../platform/archives/zip-archive.ts';
import type { ListedFile } from '../collect-files.ts';
import { damaged, FetchFault, tooLarge } from '../fetch-fault.ts';
import { readTar } from './tar.ts';

const WHAT = 'The archive';

/** The files of a zip, a tar.gz or a tar archive. @param mostBytes of all that is unpacked @throws FetchFault */
export function listArchive(bytes: Buffer, mostBytes: number): ListedFile[] {
  return withoutRoot(startsWith(bytes, 0x50, 0x4b) ? listZip(bytes, mostBytes) : listTar(unzipped(bytes, mostBytes)));
}

export function isArchive(bytes: Uint8Array): boolean {
  const isTar = Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar';
  return startsWith(bytes, 0x50, 0x4b) || startsWith(bytes, 0x1f, 0x8b) || isTar;
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

function listZip(bytes: Buffer, mostBytes: number): ListedFile[] {
  const fault = (kind: ZipFault, cause?: unknown) => faultOf(kind, mostBytes, cause);
  const zip = new ZipArchive(bytes, { maxUnpackedBytes: mostBytes, fault, caseMatters: true });
  const files = zip.names.filter((name) => !name.endsWith('/'));
  return files.map((path) => ({ path, bytes: zip.sizeOf(path), read: () => readPart(zip, path) }));
}

/** One part that is broken or locked is left out alone. */
function readPart(zip: ZipArchive, path: string): Uint8Array | null {
  try {
    return zip.read(path);
  } catch (error) {
    if (error instanceof FetchFault && error.kind === 'damaged') return null;
    throw error;
  }
}

function faultOf(kind: ZipFault, mostBytes: number, cause: unknown): FetchFault {
  return kind === 'too-large' ? tooLarge('What is in the archive', mostBytes) : damaged(WHAT, cause);
}

function unzipped(bytes: Buffer, mostBytes: number): Buffer {
  if (!startsWith(bytes, 0x1f, 0x8b)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    throw error instanceof RangeError ? tooLarge('What is in the archive', mostBytes) : damaged(WHAT, error);
  }
}

function listTar(bytes: Buffer): ListedFile[] {
  const files = [...readTar(bytes)];
  if (files.length === 0) throw damaged(WHAT);
  return files.map(({ path, bytes: content }) => ({
    path: path.replace(/^(\.\/)+/, ''),
    bytes: content.length,
    read: () => content,
  }));
}

/** Archives of GitHub, GitLab and of most people hold one folder with everything in it, which is no part of the code. */
function withoutRoot(files: ListedFile[]): ListedFile[] {
  const [first = ''] = files[0]?.path.split('/') ?? [];
  if (!files.every(({ path }) => path.startsWith(`${first}/`))) return files;
  return files.map((file) => ({ ...file, path: file.path.slice(first.length + 1) }));
}
