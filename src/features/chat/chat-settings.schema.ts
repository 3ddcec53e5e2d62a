import { Type } from 'typebox';
import { words } from '../../platform/http/schema.ts';
import { defineTenantSettings } from '../tenancy/index.ts';

export const chatSettings = defineTenantSettings('chat', {
  instructions: {
    schema: Type.String({ minLength: 1, maxLength: 32_000, pattern: '\\S' }),
    fallback: null,
    description: 'What the model is told first in every run, before the run’s own instructions. No request changes it.',
  },
  titles: {
    schema: words(['model', 'question', 'off']),
    fallback: null,
    description:
      'Who gives a session its title after the first answer: the model that answered, by one short call of its own; the question itself; or nobody. A title that a person gave always stays.',
  },
});
