/** The chunks of AI SDK's UI message stream, version 1, that a run can give. */
export type UiChunk =
  | { type: 'start'; messageId: string; messageMetadata: RunMetadata }
  | { type: 'start-step' }
  | { type: 'finish-step' }
  | { type: 'reset-step' }
  | { type: 'text-start'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: 'text-end'; id: string }
  | { type: 'data-retrieval'; id: string; data: object }
  | {
      type: 'source-document';
      sourceId: string;
      mediaType: string;
      title: string;
      providerMetadata: { parley: object };
    }
  | ({ type: 'tool-input-available'; toolName: string; input: unknown } & ToolPlace)
  | { type: 'tool-approval-request'; approvalId: string; toolCallId: string }
  | { type: 'tool-approval-response'; approvalId: string; approved: boolean; reason?: string }
  | ({ type: 'tool-output-available'; output: unknown } & ToolPlace)
  | ({ type: 'tool-output-error'; errorText: string } & ToolPlace)
  | { type: 'tool-output-denied'; toolCallId: string }
  | { type: 'error'; errorText: string }
  | { type: 'abort'; reason: string }
  | { type: 'finish'; finishReason: UiFinishReason; messageMetadata: RunMetadata };

/** A tool of this server is `dynamic`: the client's program has no type for it. */
type ToolPlace = { toolCallId: string; dynamic?: true; providerExecuted?: true };

export type UiFinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';

export type RunMetadata = {
  run_id: string;
  session_id?: string;
  model?: string;
  status?: string;
  usage?: { input_tokens: number; output_tokens: number; total_tokens: number; cost_usd: number | null };
};
