import { unfenced } from '../../../lib/json/unfenced.ts';
import { type CodeBase, SEVERITIES, type Severity } from '../analysis.ts';
import { shownLine } from '../judge/readiness/shown-line.ts';
import type { Suggestion } from './suggestion.ts';
import { MOST_SUGGESTIONS, shownLines } from './suggestion-question.ts';

const LONGEST_TITLE = 200;
const LONGEST_TEXT = 2_000;
/** Entries that are looked at: the model was asked for far fewer. */
const MOST_READ = 50;
/** A shorter piece of a line is on too many lines. */
const SHORTEST_SNIPPET = 3;

export class UnusableSuggestionsError extends Error {}

/**
 * What a model answered, held against the code base: kept is only what names a file that is there, a line that it has, and
 * words that stand on that line. @throws UnusableSuggestionsError where it is no list of suggestions
 */
export function parseSuggestions(answer: string, code: CodeBase): { kept: readonly Suggestion[]; dropped: number } {
  const written = listIn(answer);
  const linesOf = shownLines(code);
  const kept = new Map<string, Suggestion>();
  for (const one of written.slice(0, MOST_READ)) {
    const suggestion = checked(one, linesOf);
    if (suggestion && kept.size < MOST_SUGGESTIONS)
      kept.set(`${suggestion.path}:${suggestion.line}:${suggestion.title}`, suggestion);
  }
  return { kept: [...kept.values()], dropped: written.length - kept.size };
}

function listIn(answer: string): readonly unknown[] {
  const fence = unfenced();
  const text = fence.push(answer) + fence.end();
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed) && Array.isArray(parsed.suggestions)) return parsed.suggestions;
  } catch (error) {
    throw new UnusableSuggestionsError('The answer is no JSON.', { cause: error });
  }
  throw new UnusableSuggestionsError('The answer has no list of suggestions.');
}

function checked(one: unknown, linesOf: ReturnType<typeof shownLines>): Suggestion | null {
  if (!isRecord(one)) return null;
  const { title, text, severity, path, line, snippet } = one;
  if (typeof title !== 'string' || typeof text !== 'string' || typeof path !== 'string') return null;
  if (typeof line !== 'number' || !Number.isInteger(line) || line < 1 || typeof snippet !== 'string') return null;
  if (title.trim() === '' || text.trim() === '' || !isSeverity(severity)) return null;
  const there = linesOf(path)?.[line - 1];
  if (there === undefined || !standsOn(snippet, there)) return null;
  return {
    title: title.trim().slice(0, LONGEST_TITLE),
    text: text.trim().slice(0, LONGEST_TEXT),
    ...{ severity, path, line, snippet: shownLine(there) },
  };
}

/** As the line is but for its secrets, or as the model was shown it; spaces aside. */
function standsOn(snippet: string, line: string): boolean {
  const wanted = evenly(snippet.trim().split('\n', 1)[0] ?? '');
  if (wanted.length < SHORTEST_SNIPPET) return false;
  return evenly(line).includes(wanted) || evenly(shownLine(line)).includes(wanted);
}

function evenly(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function isSeverity(value: unknown): value is Severity {
  return SEVERITIES.some((severity) => severity === value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
