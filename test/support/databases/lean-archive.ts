const BLOCK = 512;
const SIZE = { start: 124, end: 136 };
const NAME = { start: 0, end: 100 };
/** template1 and template0: PGlite has but one connection, to the database `postgres`, and nothing is created from them. */
const OTHER_DATABASES = /^\/?base\/(?:1|4)(?:\/|$)/;

/** A cluster's tar archive, as PGlite's `dumpDataDir` writes it, without the files of databases that no test can reach: more
 * than half of all files, and a quarter of the work of an opening. */
export function withoutOtherDatabases(archive: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let offset = 0;
  while (archive[offset] !== undefined && archive[offset] !== 0) {
    const header = Buffer.from(archive.buffer, archive.byteOffset + offset, BLOCK);
    const size = Number.parseInt(header.toString('latin1', SIZE.start, SIZE.end), 8) || 0;
    const end = offset + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const [name = ''] = header.toString('latin1', NAME.start, NAME.end).split('\0');
    if (!OTHER_DATABASES.test(name)) kept.push(archive.subarray(offset, end));
    offset = end;
  }
  return Buffer.concat([...kept, archive.subarray(offset)]);
}
