import type { MessageView, SessionView } from '../../features/chat/index.ts';
import { isId } from '../../platform/id.ts';

const PREFIX = 'parley://sessions/';
export const SESSION_TEMPLATE = {
  uriTemplate: `${PREFIX}{id}`,
  name: 'session',
  title: 'A session',
  description: 'One of your conversations, as text: its newest messages.',
  mimeType: 'text/markdown',
};

/** A session in the list of resources. */
export function sessionResource({ id, title, message_count, updated_at }: SessionView) {
  return {
    uri: PREFIX + id,
    name: title ?? 'Untitled session',
    description: `${message_count} ${message_count === 1 ? 'message' : 'messages'}`,
    mimeType: SESSION_TEMPLATE.mimeType,
    annotations: { lastModified: updated_at },
  };
}

/** The session that an address means; null for any other address. */
export function sessionIdOf(uri: string): string | null {
  const id = uri.startsWith(PREFIX) ? uri.slice(PREFIX.length) : '';
  return isId(id) ? id : null;
}

/** @param messages oldest first; `more`: there are older ones */
export function transcript({ title }: SessionView, messages: readonly MessageView[], more: boolean): string {
  const said = messages.map(({ role, content, created_at }) => `**${role}** (${created_at})\n\n${content}`);
  const head = `# ${title ?? 'Untitled session'}`;
  return [head, ...(more ? ['*Older messages are left out.*'] : []), ...said].join('\n\n');
}
