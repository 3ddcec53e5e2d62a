import type { App } from './app.ts';
import { requestErrors } from './errors.ts';

/** JSON escapes that may hide what Postgres cannot store: NUL, or half of a surrogate pair. */
const SUSPICIOUS = /\\u(0000|d[89a-f])/i;

/** Reads JSON bodies. A string that no database text can hold is refused here, with its field, instead of failing later. */
export function parseJsonBody(app: App): void {
  // Fastify would take text as a body, too, and our schemas would then speak of types instead of the content type.
  app.removeContentTypeParser('text/plain');
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text: string, done) => {
    parse(request, text, (error, body) => {
      if (error) return done(error);
      if (isTooDeep(body, text)) return done(tooDeep());
      const field = SUSPICIOUS.test(text) ? unstorableField(body, '') : null;
      if (field === null) return done(null, body);
      // Kept although it is refused: a dialect's form of the refusal can depend on what was asked.
      request.body = body;
      const message = 'holds a NUL character or half of a surrogate pair; remove it';
      done(requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] }));
    });
  });
}

/** Levels of lists and objects. Functions that walk a value by calling themselves, JSON.stringify too, end at some thousands. */
export const DEEPEST = 100;

/** A value that was read from JSON, and its text. */
export function isTooDeep(body: unknown, text: string): boolean {
  if (text.split(/[[{]/, DEEPEST + 2).length <= DEEPEST + 1) return false;
  let level = [body].filter(isContainer);
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
    if (level.length === 0) return false;
  }
  return true;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function tooDeep(): Error {
  const message = `is nested more than ${DEEPEST} levels deep`;
  return requestErrors.invalid(`body ${message}`, { fields: [{ field: 'body', message }] });
}

/** The path of the first string, or key, that is not well formed; null when all are. */
function unstorableField(value: unknown, path: string): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : path || 'body';
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, entry] of Object.entries(value)) {
    const field = path === '' ? key : `${path}.${key}`;
    if (!isStorable(key)) return path || 'body';
    const found = unstorableField(entry, field);
    if (found !== null) return found;
  }
  return null;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
