import { Type } from 'typebox';
import { nullable } from '../../platform/http/schema.ts';
import { defineTenantSettings } from '../tenancy/index.ts';

const Weight = Type.Number({ minimum: 0, maximum: 1 });

export const memorySettings = defineTenantSettings('memory', {
  remember: {
    schema: Type.Boolean(),
    fallback: true,
    description: 'Whether what is said in sessions goes into the memory of its user.',
  },
  recall: {
    schema: Type.Boolean(),
    fallback: true,
    description: 'Whether answers may use what is remembered about the user who asks.',
  },
  recall_budget_tokens: {
    schema: Type.Integer({ minimum: 50, maximum: 20_000 }),
    fallback: 800,
    description: 'Tokens of memories that are put before the model for one answer, at most.',
  },
  fact_model: {
    schema: nullable(Type.String({ minLength: 1, maxLength: 200 })),
    fallback: null,
    description:
      'The model that reads facts from what people say, beside the rules, such as openai/gpt-5-mini; it is paid by who said it. None: rules alone.',
  },
  weights: {
    schema: Type.Object({ similarity: Weight, importance: Weight, decay: Weight }, { additionalProperties: false }),
    fallback: { similarity: 0.6, importance: 0.3, decay: 0.1 },
    description: 'How much likeness, importance and age count when memories are ranked; in relation to each other.',
  },
});
