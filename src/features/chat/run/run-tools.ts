/** What a run can call: tools of this program, which the app hands in through a port, and tools of the client. */
import type { ToolDefinition } from '../../../ai/chat-model.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { EvidencePassage } from './evidence.ts';
import type { RetrievalRequest, RunRequest } from './run.store.ts';
import type { ClientTool, ServerToolChoice, ToolRequest } from './tool-request.ts';

/** A tool that runs in this program. */
export type RunTool = {
  /** As the model calls it: 1 to 64 of a-z, A-Z, 0-9, _ and -. */
  name: string;
  description: string;
  inputSchema: Record<string, unknown>;
  /** Whether it changes anything outside the run. Such a call runs at most once, whatever happens to its worker. */
  effects: boolean;
  /** Longest time for one call, ms. */
  timeoutMs: number;
  /** A person must agree before each call. */
  needsApproval?: boolean;
  /** What metrics call it: one of a few words, never a name that a tenant chose. */
  metric: string;
  /** Throws ToolError for what the model shall read; whatever else it throws, the model learns only that the tool failed. */
  run(input: unknown, context: ToolContext): Promise<unknown>;
  /** The citable passages in an output of `run`, as the log has it. */
  passagesOf?(output: unknown): readonly EvidencePassage[];
};

/** Who a tool acts for. It comes from the run, never from the model. */
export type ToolOwner = {
  tenant: Tenant;
  userId: string;
  /** The API key that asked; null where there was none. */
  apiKeyId: string | null;
  runId: string;
  sessionId: string;
  /** How the run may look into documents: a tool must not see more. */
  retrieval: RetrievalRequest;
  /** Whose memory the run uses; null where it uses none. */
  memory: RunRequest['memory'] | null;
};

export type ToolContext = ToolOwner & {
  signal: AbortSignal;
  /** Allots numbers for passages that the answer may cite; gives the first one. */
  takeNumbers(count: number): number;
};

/** A tool's failure in words for the model. */
export class ToolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ToolError';
  }
}

/** Where the app keeps the tools of this program. */
export type ToolSource = {
  /** What the model may call where nobody says; none where there is no such setting. */
  usual?(tenant: Tenant): Promise<readonly ServerToolChoice[]>;
  /** What is wrong with a choice, in words for whoever made it; null when nothing is. */
  fault(choice: ServerToolChoice, owner: { tenant: Tenant; userId: string }): Promise<string | null>;
  /** The tools behind a choice. Never rejects because a server is away: then it offers none. */
  open(choice: ServerToolChoice, owner: ToolOwner, signal: AbortSignal): Promise<readonly RunTool[]>;
};

/** A tool that the model may call, wherever it runs. */
export type OfferedTool =
  | { executor: 'server'; definition: ToolDefinition; tool: RunTool }
  | { executor: 'client'; definition: ToolDefinition };

export type ToolSet = ReadonlyMap<string, OfferedTool>;

/** Opens everything that a run asked for. Of two tools with one name, the client's counts, then the first.
 * @param canAsk whether a person can be asked for approval; what needs it is left out otherwise */
export async function openTools(
  requests: readonly ToolRequest[],
  { source, canAsk }: { source: ToolSource | null; canAsk: boolean },
  owner: ToolOwner,
  signal: AbortSignal,
): Promise<ToolSet> {
  const client = requests.filter((request) => request.type === 'function').map(clientTool);
  const choices = requests.filter((request) => request.type !== 'function');
  const opened = source ? await Promise.all(choices.map((choice) => source.open(choice, owner, signal))) : [];
  const usable = opened.flat().filter(({ needsApproval }) => canAsk || !needsApproval);
  const offered = [...client, ...usable.map(serverTool)];
  return new Map(offered.toReversed().map((tool) => [tool.definition.name, tool]));
}

function clientTool({ name, description = '', parameters = { type: 'object' }, strict }: ClientTool): OfferedTool {
  const definition = { name, description, inputSchema: parameters, ...(strict !== undefined && { strict }) };
  return { executor: 'client', definition };
}

function serverTool(tool: RunTool): OfferedTool {
  const { name, description, inputSchema } = tool;
  return { executor: 'server', definition: { name, description, inputSchema }, tool };
}
