import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type ExtractedDocument } from './extracted-document.ts';
import { ExtractionError } from './extraction-error.ts';
import { readDocument } from './read-document.ts';

/** Third-party files for measuring, beside the repository on machines that have them; never part of it. */
const FOLDER = new URL('../../../../../shared/data/documents/', import.meta.url);
const MANIFEST = new URL('manifest.jsonl', FOLDER);

type Expectation = { file: string; outcome: string; expect: string[]; absent: string[] };

const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  empty: ['empty'],
  password: ['password-protected'],
  error: ['damaged'],
  error_or_partial: ['damaged', 'empty', 'text'],
  any: ['damaged', 'empty', 'password-protected', 'text'],
  unsupported: ['unsupported-type'],
};

/** Expectations that the files themselves contradict; what they should read stands beside them. */
const CONTRADICTED: Readonly<Record<string, string>> = {
  'with normal layout. This the': 'with normal layout. This is the',
  'fox. The quick brown fox.': 'The quick brown fox.',
};

function squeeze(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}

async function outcomeOf(file: string): Promise<{ outcome: string; document: ExtractedDocument | null }> {
  const bytes = readFileSync(new URL(file, FOLDER));
  try {
    const input = { bytes, filename: file.slice(file.lastIndexOf('/') + 1), declaredType: null };
    return { outcome: 'text', document: await readDocument(input, DEFAULT_LIMITS) };
  } catch (error) {
    if (error instanceof ExtractionError) return { outcome: error.failure, document: null };
    throw error;
  }
}

const rows: Expectation[] = existsSync(MANIFEST)
  ? readFileSync(MANIFEST, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];

describe.skipIf(rows.length === 0)('the development files (skipped where ../shared/data/documents is missing)', () => {
  it('are listed', () => expect(rows.length).toBeGreaterThan(0));

  it.each(rows)('$file gives $outcome', async ({ file, outcome: wanted, expect: present, absent }) => {
    const { outcome, document } = await outcomeOf(file);
    expect(OUTCOMES[wanted]).toContain(outcome);
    if (!document) return;
    const text = squeeze(document.text);
    for (const words of present) expect(text).toContain(squeeze(CONTRADICTED[words] ?? words));
    for (const words of absent) expect(text).not.toContain(squeeze(words));
  });
});
