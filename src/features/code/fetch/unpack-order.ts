import type { CodeBase } from '../analysis.ts';
import type { FetchFaultKind } from './fetch-fault.ts';
import type { FetchLimits } from './fetch-limits.ts';

/** What the thread is given. */
export type UnpackOrder = { limits: FetchLimits } & (
  | { kind: 'pack'; file: string; commit: string; shallow: readonly string[] }
  | { kind: 'archive'; file: string }
  | { kind: 'folder'; folder: string }
);

/** What it answers. */
export type Unpacked = { code: CodeBase } | { fault: { kind: FetchFaultKind; message: string } };
