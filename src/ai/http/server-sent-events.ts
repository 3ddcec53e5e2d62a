import { StringDecoder } from 'node:string_decoder';

/** Longest line of an event stream, in UTF-16 units. A whole tool input fits; an upstream that never ends its line does not. */
export const LONGEST_LINE = 1_048_576;

/** Thrown when a line is longer than {@link LONGEST_LINE}. */
export class LineTooLong extends Error {
  constructor() {
    super(`A line of the event stream is longer than ${LONGEST_LINE} characters.`);
    this.name = 'LineTooLong';
  }
}

export type EventStreamReader = {
  /** The payloads of the `data` fields that this piece of the network completed, in order. @throws LineTooLong */
  push(piece: Buffer): string[];
  /** The payload of a last line that no line end follows, or null. */
  end(): string | null;
};

/**
 * Reads the `data` lines of an event stream (WHATWG HTML, 9.2) in one pass. Other fields and comments are skipped.
 * One `data` line is one payload: every model API writes its JSON on one line, and some forget the empty line between.
 */
export function eventStreamReader(): EventStreamReader {
  // The decoder holds back the bytes of a character that the network cut in two.
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(piece) {
      const text = rest === '' ? decoder.write(piece) : rest + decoder.write(piece);
      const payloads: string[] = [];
      let start = 0;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        const payload = dataOf(text, start, end);
        if (payload !== null) payloads.push(payload);
        start = end + 1;
      }
      rest = start === 0 ? text : text.slice(start);
      if (rest.length > LONGEST_LINE) throw new LineTooLong();
      return payloads;
    },
    end() {
      const text = rest + decoder.end();
      rest = '';
      return dataOf(text, 0, text.length);
    },
  };
}

const CARRIAGE_RETURN = 13;
const SPACE = 32;

/** The value of the `data` field in `text[start, end)`, or null for any other line. */
function dataOf(text: string, start: number, end: number): string | null {
  const from = text.charCodeAt(start) === 0xfeff ? start + 1 : start;
  if (!text.startsWith('data:', from) || end - from < 5) return null;
  const valueStart = text.charCodeAt(from + 5) === SPACE ? from + 6 : from + 5;
  const valueEnd = text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
  return text.slice(valueStart, Math.max(valueStart, valueEnd));
}
