const BLOCK = 512;

export type TarEntry = { name: string; kind: 'file' | 'folder'; content: Uint8Array };

/** The files and folders of a tar archive as PGlite's `dumpDataDir` writes it (ustar, short names). Names are relative.
 * @throws Error for anything else, and for a name that leads out of the folder */
export function* readTar(archive: Uint8Array): Generator<TarEntry> {
  let offset = 0;
  while (offset + BLOCK <= archive.length && archive[offset] !== 0) {
    const header = archive.subarray(offset, offset + BLOCK);
    checkHeader(header);
    const size = Number.parseInt(readText(header, 124, 12), 8) || 0;
    const start = offset + BLOCK;
    if (start + size > archive.length) throw new Error('The archive ends in the middle of a file.');
    const kind = readText(header, 156, 1) === '5' ? 'folder' : 'file';
    yield { name: readName(header), kind, content: archive.subarray(start, start + size) };
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  if (offset === 0) throw new Error('The archive is empty.');
}

/** The header's checksum counts its own eight bytes as spaces. */
function checkHeader(header: Uint8Array): void {
  let sum = 0;
  for (let index = 0; index < BLOCK; index++) sum += index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0);
  if (sum !== Number.parseInt(readText(header, 148, 8), 8)) throw new Error('This is not a tar archive.');
  if (!['', '0', '5'].includes(readText(header, 156, 1)))
    throw new Error('The archive holds more than files and folders.');
}

function readName(header: Uint8Array): string {
  const prefix = readText(header, 345, 155);
  const path = prefix === '' ? readText(header, 0, 100) : `${prefix}/${readText(header, 0, 100)}`;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new Error(`The archive holds a path that leads out of it: ${path}`);
  return parts.join('/');
}

function readText(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end))
    .toString('utf8')
    .trim();
}
