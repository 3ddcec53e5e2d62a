/** What may still become the beginning of a code fence. */
const MAYBE_OPENING = /^\s*(?:`{0,2}|```[a-z]*\s*)$/i;
const OPENING = /^\s*```[a-z]*\s*/i;
/** Characters that are held back at most until it is clear whether a fence begins or ends. */
const MOST_HELD = 200;

/** Takes the code fence away that models like to put around JSON, from text that comes in pieces. */
export function unfenced() {
  let held = '';
  let state: 'before' | 'fenced' | 'plain' = 'before';
  return {
    /** What can be said of the text so far, behind what was said before. */
    push(piece: string): string {
      held += piece;
      if (state === 'before') {
        if (held.length <= MOST_HELD && MAYBE_OPENING.test(held)) return '';
        state = OPENING.test(held) ? 'fenced' : 'plain';
        held = held.replace(OPENING, '');
      }
      const kept = state === 'fenced' ? closingLength(held) : 0;
      const said = held.slice(0, held.length - kept);
      held = held.slice(held.length - kept);
      return said;
    },
    /** The rest, once nothing more comes. */
    end(): string {
      const rest = state === 'fenced' ? withoutClosing(held) : held;
      held = '';
      return rest;
    },
  };
}

/** Characters at the end that are, or may become, the end of a fence with the space around it. */
function closingLength(text: string): number {
  const inner = withoutTicks(text.trimEnd()).trimEnd();
  const length = text.length - inner.length;
  return length > MOST_HELD ? 0 : length;
}

function withoutTicks(text: string): string {
  const last = text.slice(-3);
  return text.slice(0, text.length - (last.length - last.replace(/`+$/, '').length));
}

function withoutClosing(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed.endsWith('```') ? trimmed.slice(0, -3).trimEnd() : trimmed;
}
