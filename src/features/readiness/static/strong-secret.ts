import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StaticCheck } from '../check.ts';
import { judge } from '../finding.ts';
import { withSettings } from './needs-settings.ts';

const LEAST_LENGTH = 32;
/** 32 random hexadecimal digits have some 14 different ones; a word that is repeated has fewer. */
const LEAST_DIFFERENT = 10;

export const strongSecret: StaticCheck = {
  id: 'strong-secret',
  kind: 'static',
  category: 'security',
  weight: 'blocker',
  title: 'The secret that signs and seals is long, looks random, and nobody else can read its file',
  items: ['S1-19', 'S1-20', 'S1-21', 'S1-22', 'S2-117', 'S3-119', 'S3-120'],
  expected: `SECRET_KEY, or the kept one, has ${LEAST_LENGTH} characters, ${LEAST_DIFFERENT} different ones, and its file no rights for others`,
  remedy: 'openssl rand -base64 48, as SECRET_KEY or in the file of SECRET_KEY_FILE',
  validDays: 30,
  run: withSettings(async ({ secretKey, dataDir }) => {
    const file = join(dataDir, 'secret');
    const secret = secretKey ?? (await readFile(file, 'utf8').catch(() => ''));
    const faults: string[] = [];
    if (secret.length < LEAST_LENGTH) faults.push(`it has ${secret.length} characters`);
    const different = new Set(secret).size;
    if (different < LEAST_DIFFERENT) faults.push(`it has ${different} different characters`);
    if (secretKey === null) {
      const mode = (await stat(file).catch(() => null))?.mode ?? 0;
      if ((mode & 0o077) !== 0) faults.push(`others may read ${file}`);
    }
    return judge(faults, `${secret.length} characters, ${different} different ones, ${secretKey ? 'given' : 'kept'}`);
  }),
};
