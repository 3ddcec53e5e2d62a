/** Chunks in a row that are unlike the one before, after which the chunks of this answer are taken to have nothing in common:
 * some servers pad each with letters of its own. */
const MOST_MISSES = 4;
/** What stands for itself between the quotes of a JSON string. */
const LITERAL = /^[^"\\\p{Cc}]*$/u;
const CONTENT = /"content"\s*:\s*"/;

export type TextFrame = {
  /** The text of a chunk that is, but for it, to the letter what the last one was; null: it must be parsed. */
  textIn(payload: string): string | null;
  /** Told of a chunk that was parsed, and says nothing but this text. */
  learn(payload: string, text: string): void;
};

/**
 * What surrounds the text in the chunks of one answer. They differ in little else, and to parse each anew is the dearest part
 * of reading a stream: of two JSON texts that differ in the inside of one string only, the values differ in that string only.
 */
export function textFrame(contentOf: (chunk: unknown) => unknown): TextFrame {
  let frame: { head: string; tail: string } | null = null;
  let misses = 0;
  return {
    textIn(payload) {
      if (frame === null) return null;
      const { head, tail } = frame;
      if (payload.length >= head.length + tail.length && payload.startsWith(head) && payload.endsWith(tail)) {
        const text = payload.slice(head.length, payload.length - tail.length);
        if (LITERAL.test(text)) {
          misses = 0;
          return text;
        }
        // The frame fits; what is in it has to be unescaped.
        return null;
      }
      misses += 1;
      frame = null;
      return null;
    },
    learn(payload, text) {
      if (frame !== null || misses >= MOST_MISSES || text === '' || !LITERAL.test(text)) return;
      const key = CONTENT.exec(payload);
      if (!key) return;
      const start = key.index + key[0].length;
      if (!payload.startsWith(`${text}"`, start)) return;
      const head = payload.slice(0, start);
      const tail = payload.slice(start + text.length);
      // That is the text, and not a string that looks like it: another one in its place is what the chunk then says.
      if (contentOf(JSON.parse(`${head}${text}.${tail}`)) === `${text}.`) frame = { head, tail };
    },
  };
}
