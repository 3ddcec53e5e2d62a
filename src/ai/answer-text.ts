import { modelError } from './http/upstream-error.ts';

/** Longest text of one answer, in UTF-16 units: a model says some 100,000 tokens; an upstream that never ends says more. */
const LONGEST_TEXT = 4_194_304;

export type AnswerText = {
  /** What can be said now. @throws ModelError when the answer has no end */
  push(text: string): string;
  /** What was held back. */
  end(): string;
};

/**
 * The text of one answer as it comes, in whole characters: some gateways cut it between the two halves of a surrogate pair,
 * and neither of them can be written down alone.
 */
export function answerText(provider: string): AnswerText {
  let half = '';
  let length = 0;
  return {
    push(text) {
      length += text.length;
      if (length > LONGEST_TEXT) throw modelError(provider, 'protocol', new Error('The answer has no end.'));
      const whole = half === '' ? text : half + text;
      half = endsInHalf(whole) ? whole.slice(-1) : '';
      return half === '' ? whole : whole.slice(0, -1);
    },
    end() {
      const rest = half;
      half = '';
      return rest;
    },
  };
}

function endsInHalf(text: string): boolean {
  const code = text.charCodeAt(text.length - 1);
  return code >= 0xd800 && code <= 0xdbff;
}
