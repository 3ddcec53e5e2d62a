import type { App } from '../../platform/http/server.ts';
import { chatCompletionRoutes } from './chat-completions/chat-completions.routes.ts';
import { conversationRoutes } from './conversations/conversations.routes.ts';
import type { OpenaiDependencies } from './dependencies.ts';
import { embeddingRoutes } from './embeddings.routes.ts';
import { modelRoutes } from './models.routes.ts';
import { sendOpenaiError } from './openai-error.ts';
import { responseRoutes } from './responses/responses.routes.ts';

/** OpenAI's API over the same sessions and runs, for its unmodified clients with the base address `…/v1`. */
export async function openaiRoutes(app: App, deps: OpenaiDependencies): Promise<void> {
  // A scope of its own: within it every error, a refused credential too, is answered in OpenAI's form.
  await app.register(async (plugin) => {
    const scope = plugin as unknown as App;
    scope.setErrorHandler((error, request, reply) => sendOpenaiError(error, request, reply));
    chatCompletionRoutes(scope, deps);
    responseRoutes(scope, deps);
    conversationRoutes(scope, deps);
    modelRoutes(scope, deps);
    embeddingRoutes(scope, deps);
  });
}
