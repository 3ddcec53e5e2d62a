import { Type } from 'typebox';
import { RunTools } from '../../features/chat/index.ts';
import { defineTenantSettings } from '../../features/tenancy/index.ts';

/** What a tenant may have otherwise in its ChatKit pages. */
export const chatkitSettings = defineTenantSettings('chatkit', {
  stop_on_close: {
    schema: Type.Boolean(),
    fallback: true,
    description:
      'Whether closing the request stops the answer. ChatKit’s stop button does nothing else, so that with false the page shows none and every answer is finished.',
  },
  instructions: {
    schema: Type.String({ maxLength: 32_000 }),
    fallback: '',
    description: 'What every answer through ChatKit is told beside the question.',
  },
  tools: {
    schema: RunTools,
    fallback: [],
    description:
      'What the model may call: functions of the page, which its onClientTool answers, and tools of this server by name.',
  },
  ask_user: {
    schema: Type.Boolean(),
    fallback: false,
    description: 'Whether the model may ask its user by questions with options, which the page shows as a form.',
  },
  sessions_per_user: {
    schema: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    fallback: null,
    description: 'Sessions that one user may have through ChatKit REST. Unset: the installation’s.',
    setBy: 'operator',
  },
  message_characters: {
    schema: Type.Integer({ minimum: 1, maximum: 32_000 }),
    fallback: null,
    description: 'Characters of one message through ChatKit REST. Unset: the installation’s.',
  },
});
