import type { Tenant, TenantSettings } from '../../features/tenancy/index.ts';
import { chatkitSettings } from './chatkit-settings.schema.ts';
import type { ChatkitDependencies, ChatkitOptions } from './dependencies.ts';
import { ASKING_TOOL } from './items/tool-view.ts';

type Tools = NonNullable<ChatkitOptions['tools']>;

/** A tool of the page that the page has without a line of code: its answer is a form. */
const ASK_USER: Tools[number] = {
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

export async function chatkitOptions(
  { tenantSettings: settings, hasToolServer }: Pick<ChatkitDependencies, 'tenantSettings' | 'hasToolServer'>,
  tenant: Tenant,
): Promise<ChatkitOptions> {
  const [stopOnClose, instructions, tools, asks] = await Promise.all([
    settings.read(tenant, chatkitSettings.stop_on_close),
    settings.read(tenant, chatkitSettings.instructions),
    settings.read(tenant, chatkitSettings.tools),
    settings.read(tenant, chatkitSettings.ask_user),
  ]);
  const wanted = asks ? [...tools, ASK_USER] : tools;
  return {
    stopOnClose,
    instructions: instructions === '' ? null : instructions,
    tools: wanted.length === 0 ? null : await callable(wanted, (server) => hasToolServer(tenant, server)),
  };
}

/** What can be called now: without servers that are switched off, and of functions with one name the first. Who chats cannot
 * mend a setting, so that it must not cost them the answer. */
async function callable(tools: Tools, hasServer: (name: string) => Promise<boolean>): Promise<Tools> {
  const isThere = await Promise.all(tools.map((tool) => tool.type !== 'mcp' || hasServer(tool.server)));
  const names = new Set<string>();
  return tools.filter((tool, index) => {
    const isDouble = tool.type === 'function' && names.has(tool.name);
    if (tool.type === 'function') names.add(tool.name);
    return isThere[index] && !isDouble;
  });
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
