import { type Static, Type } from 'typebox';
import { nullable, words } from '../../../platform/http/schema.ts';
import { SEVERITIES } from '../analysis.ts';
import type { Suggestions } from './suggestion.ts';

const SuggestionView = Type.Object({
  title: Type.String(),
  text: Type.String({ description: 'What to do, and why.' }),
  severity: words(SEVERITIES),
  path: Type.String(),
  line: Type.Integer({ minimum: 1 }),
  snippet: Type.String({ description: 'The text at that line; secrets are masked.' }),
});

export const SuggestionsView = Type.Object(
  {
    model: nullable(Type.String(), { description: 'The model that was asked; null where none could be.' }),
    kept: Type.Array(SuggestionView, {
      description: 'Each names a line that is there, which was checked. Whether it is right was not.',
    }),
    dropped: Type.Integer({
      minimum: 0,
      description: 'Those that named a path, line or text that is not there, or were too many.',
    }),
    note: nullable(Type.String(), { description: 'Why there are none; null where nothing went wrong.' }),
  },
  { title: 'Suggestions' },
);
export type SuggestionsView = Static<typeof SuggestionsView>;

export function presentSuggestions({ kept, ...rest }: Suggestions): SuggestionsView {
  return { ...rest, kept: kept.map((one) => ({ ...one })) };
}
