import { Type } from 'typebox';
import { defineTenantSettings } from '../tenancy/index.ts';

export const codeSettings = defineTenantSettings('code', {
  suggestions: {
    schema: Type.Boolean(),
    fallback: false,
    description:
      'Whether each analysis of code asks the default model what it suggests. Lines of the code go to that model’s provider; whoever began the analysis pays.',
  },
});
