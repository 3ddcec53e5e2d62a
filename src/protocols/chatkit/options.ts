import type { Tenant, TenantSettings } from '../../features/tenancy/index.ts';
import { chatkitSettings } from './chatkit-settings.schema.ts';
import type { ChatkitOptions } from './dependencies.ts';
import { ASKING_TOOL } from './items/tool-view.ts';

/** A tool of the page that the page has without a line of code: its answer is a form. */
const ASK_USER: ChatkitOptions['tools'][number] = {
  type: 'function',
  name: ASKING_TOOL,
  description:
    'Asks the user one or several questions and waits for the answers. Use it when you cannot go on without them.',
  parameters: {
    type: 'object',
    required: ['questions'],
    properties: {
      questions: {
        type: 'array',
        minItems: 1,
        maxItems: 5,
        items: {
          type: 'object',
          required: ['id', 'question'],
          properties: {
            id: { type: 'string', description: 'A short name, to tell the answers apart.' },
            question: { type: 'string' },
            options: { type: 'array', items: { type: 'string' }, description: 'Left out: a free answer.' },
            multiple: { type: 'boolean', description: 'Whether several options may be chosen.' },
          },
        },
      },
    },
  },
};

export async function chatkitOptions(settings: TenantSettings, tenant: Tenant): Promise<ChatkitOptions> {
  const [stopOnClose, instructions, tools, asks] = await Promise.all([
    settings.read(tenant, chatkitSettings.stop_on_close),
    settings.read(tenant, chatkitSettings.instructions),
    settings.read(tenant, chatkitSettings.tools),
    settings.read(tenant, chatkitSettings.ask_user),
  ]);
  return {
    stopOnClose,
    instructions: instructions === '' ? null : instructions,
    tools: asks ? [...tools, ASK_USER] : tools,
  };
}

/** What a tenant may use of ChatKit REST; what it has not set is the installation's. */
export async function restLimits(
  settings: TenantSettings,
  tenant: Tenant,
  config: { chatkitSessions: number; chatkitMessageLength: number },
): Promise<{ sessions: number; characters: number }> {
  const [sessions, characters] = await Promise.all([
    settings.read(tenant, chatkitSettings.sessions_per_user),
    settings.read(tenant, chatkitSettings.message_characters),
  ]);
  return { sessions: sessions ?? config.chatkitSessions, characters: characters ?? config.chatkitMessageLength };
}
