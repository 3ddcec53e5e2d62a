import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finding, notApplicable } from '../finding.ts';
import type { Installation } from '../installation.ts';

/** The text of a file of the project; null where there is none. */
export async function textOf({ projectFolder }: Installation, path: string): Promise<string | null> {
  return readFile(join(projectFolder, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
}

/** An image holds the program alone: what is said of sources is judged on the checkout that it was built from. */
export async function unlessImage(installation: Installation, judge: () => Promise<Finding>): Promise<Finding> {
  const isCheckout = await access(join(installation.projectFolder, 'vitest.config.ts')).then(
    () => true,
    () => false,
  );
  return isCheckout
    ? judge()
    : notApplicable('this is an installation without its sources; run it in the checkout that it was built from');
}

/** Which of these texts a file lacks, as sentences. */
export function lacking(
  file: string,
  content: string | null,
  wanted: readonly (readonly [RegExp, string])[],
): string[] {
  if (content === null) return [`${file} is missing`];
  return wanted.filter(([pattern]) => !pattern.test(content)).map(([, what]) => `${file} has no ${what}`);
}
