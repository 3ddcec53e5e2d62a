import { ZipArchive as Archive, type ZipFault } from '../../../../platform/archives/zip-archive.ts';
import { damaged, ExtractionError, passwordProtected } from '../extraction-error.ts';

/** A zip archive whose faults are sentences for who uploaded it. */
export class ZipArchive extends Archive {
  constructor(bytes: Uint8Array, { maxUnpackedBytes, what = 'file' }: { maxUnpackedBytes: number; what?: string }) {
    super(bytes, { maxUnpackedBytes, fault: (kind, cause) => faultOf(kind, what, cause) });
  }
}

function faultOf(kind: ZipFault, what: string, cause: unknown): ExtractionError {
  if (kind === 'damaged') return damaged(what, cause);
  if (kind === 'password-protected') return passwordProtected(what);
  const detail = `This ${what} unpacks to far more than its own size and was not read further. If it is genuine, split it and upload the parts.`;
  return new ExtractionError('too-large', detail);
}
