import type { ClientTool, RunDetail, RunFault, RunUsage } from '../../../features/chat/index.ts';
import { formatView } from '../answer-format.ts';
import type { FileCitation } from '../citation.ts';
import { prefixed, seconds } from '../ids.ts';
import type { ResponseFacts } from './response-request.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export type OutputText = {
  type: 'output_text';
  text: string;
  annotations: readonly FileCitation[];
  logprobs: readonly never[];
};
export type FunctionCallItem = {
  type: 'function_call';
  id: string;
  status: ItemStatus;
  call_id: string;
  name: string;
  arguments: string;
};
export type OutputItem = FunctionCallItem | MessageItem;
export type MessageItem = {
  type: 'message';
  id: string;
  status: ItemStatus;
  role: 'assistant';
  content: readonly OutputText[];
};

/** How far a response has come. */
export type ResponseState = {
  status: 'in_progress' | 'completed' | 'failed' | 'incomplete' | 'cancelled';
  model: string;
  output: readonly OutputItem[];
  usage: RunUsage | null;
  error: { code: 'server_error' | 'rate_limit_exceeded'; message: string } | null;
  incompleteReason: 'max_output_tokens' | 'content_filter' | null;
  completedAt: number | null;
};

/** A run as a Response. Any run is one, whichever dialect asked for it. */
export function responseObject({ run, request }: RunDetail, state: ResponseState) {
  const facts = (request.dialect ?? {}) as Partial<ResponseFacts>;
  return {
    id: prefixed('resp_', run.id),
    object: 'response',
    created_at: seconds(run.created_at),
    completed_at: state.completedAt,
    status: state.status,
    background: facts.background ?? false,
    conversation: facts.in_conversation ? { id: prefixed('conv_', run.session_id) } : null,
    error: state.error,
    incomplete_details: state.incompleteReason && { reason: state.incompleteReason },
    instructions: request.instructions,
    max_output_tokens: request.max_output_tokens,
    metadata: request.metadata,
    model: state.model,
    output: state.output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: facts.previous_response_id ?? null,
    reasoning: request.wishes?.reasoning_effort ? { effort: request.wishes.reasoning_effort, summary: null } : null,
    service_tier: 'default',
    store: facts.store ?? true,
    temperature: request.temperature,
    text: {
      format: formatView(request),
      ...(request.wishes?.verbosity && { verbosity: request.wishes.verbosity }),
    },
    tool_choice: request.tool_choice ?? 'auto',
    tools: (request.tools ?? []).filter((tool) => tool.type === 'function').map(toolView),
    top_p: request.top_p ?? null,
    truncation: 'auto',
    usage: state.usage && responseUsage(state.usage),
    ...(facts.user && { user: facts.user }),
  };
}

/** OpenAI's clients expect every field. */
function toolView(tool: ClientTool) {
  return { description: null, parameters: null, strict: false, ...tool };
}

function responseUsage({ input_tokens, cached_input_tokens = 0, output_tokens, reasoning_tokens = 0 }: RunUsage) {
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: cached_input_tokens, cache_write_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens },
    total_tokens: input_tokens + output_tokens,
  };
}

export function errorOf(fault: RunFault | undefined): NonNullable<ResponseState['error']> {
  const code = fault?.code === 'ERR_RUN_002' ? 'rate_limit_exceeded' : 'server_error';
  return { code, message: fault?.detail ?? 'The answer failed.' };
}
