import { chatErrors } from '../chat.errors.ts';
import type { RunInput } from './run-to-save.ts';

/** What a dialect says of itself, not what its user chooses; and a visitor may cancel. */
const OF_THE_DIALECT = new Set(['input', 'client_tools', 'dialect', 'cancel_active']);

/** A visitor's question as a run: what it costs, and what the model is told, are the tenant's to say. @throws ApiError ERR_CHAT_012 */
export function visitorInput(given: RunInput): RunInput {
  const chosen = Object.entries(given).find(([name, value]) => value !== undefined && !OF_THE_DIALECT.has(name));
  if (chosen) {
    const [field] = chosen;
    const message = 'is not a visitor’s to choose; leave it out';
    throw chatErrors.notForVisitors(`${field} ${message}.`, { fields: [{ field, message }] });
  }
  const { input, dialect } = given;
  // Visitors give no outputs and no approvals: what needs them is not offered.
  return { input, client_tools: 'end', ...(dialect && { dialect }) };
}
