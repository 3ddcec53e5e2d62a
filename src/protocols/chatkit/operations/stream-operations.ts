import { chatkitErrors } from '../chatkit.errors.ts';
import type { StreamingOperation } from '../chatkit.schema.ts';
import { sessionIdOf } from '../ids.ts';
import { actOf } from './act.ts';
import { addUserMessage, createThread, customAction, retryAfterItem } from './message-operations.ts';
import type { Acting, Turn } from './turn.ts';
import { addStructuredInput, addToolOutput } from './waiting-operations.ts';

/** Does what a streaming operation asks for; its stream is told afterwards. @throws ApiError before anything was done */
export async function openTurn(acting: Acting, operation: StreamingOperation): Promise<Turn> {
  switch (operation.type) {
    case 'threads.create':
      return createThread(acting, operation.params);
    case 'threads.add_user_message':
      return addUserMessage(acting, operation.params);
    case 'threads.add_client_tool_output':
      return addToolOutput(acting, operation.params);
    case 'threads.add_structured_input':
      return addStructuredInput(acting, operation.params);
    case 'threads.retry_after_item':
      return retryAfterItem(acting, operation.params);
    case 'threads.custom_action': {
      const { params } = operation;
      const session = await acting.deps.chat.sessions.get(acting.principal, sessionIdOf(params.thread_id));
      return customAction(acting, session, await actOf(acting, session, params));
    }
  }
}

/** The code of an action that came from something else than a widget: ChatKit shows its own words for it. */
export const NOT_A_WIDGET = chatkitErrors.notAWidget().definition.code;
