import { requestErrors } from '../../../platform/http/errors.ts';
import { faultOfSchema } from '../../../platform/json-schema/json-schema.ts';
import type { Principal } from '../../identity/index.ts';
import { DEFAULT_RUN_LIMITS, type RunLimits } from './answering.ts';
import { memoryOf, type RunInput } from './run-to-save.ts';
import type { ToolSource } from './run-tools.ts';
import type { ToolRequest } from './tool-request.ts';

/** Refuses what could never be called, in words for whoever asked.
 * @throws ApiError ERR_REQUEST_002 */
export async function assertUsableTools(
  input: RunInput,
  principal: Principal,
  { tools: source, limits }: { tools: ToolSource | null; limits: Partial<RunLimits> },
): Promise<void> {
  const { tools = [], tool_choice, max_steps } = input;
  const { tenant, userId } = principal;
  const { mostSteps } = { ...DEFAULT_RUN_LIMITS, ...limits };
  if (max_steps !== undefined && max_steps > mostSteps) throw refusal('max_steps', `must be at most ${mostSteps} here`);
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const fault =
      tool.type === 'function'
        ? faultOfClientTool(tool, names)
        : (faultOfMemory(tool, input, principal) ??
          (await source?.fault(tool, { tenant, userId })) ??
          (source ? null : 'is not there in this installation'));
    if (fault !== null) throw refusal(`tools.${index}`, fault);
  }
  if (
    typeof tool_choice === 'object' &&
    !names.has(tool_choice.name) &&
    tools.every(({ type }) => type === 'function')
  ) {
    throw refusal('tool_choice.name', 'must be the name of one of the tools');
  }
}

/** What was asked for, with the tools that the tenant has where none are named. */
export async function withUsualTools<Asked extends Pick<RunInput, 'tools'>>(
  input: Asked,
  { tenant }: Principal,
  source: ToolSource | null,
): Promise<Asked> {
  const usual = input.tools === undefined ? ((await source?.usual?.(tenant)) ?? []) : [];
  return usual.length === 0 ? input : { ...input, tools: [...usual] };
}

/** A tool that would find nothing because nobody said whose memory it is. */
function faultOfMemory({ type }: ToolRequest, input: RunInput, principal: Principal): string | null {
  if (type !== 'recall_memory' || memoryOf(input, principal, false)) return null;
  return 'needs memory, which this run does not use: name whose in memory.subject, or set memory.mode to on';
}

function faultOfClientTool(tool: Extract<ToolRequest, { type: 'function' }>, names: Set<string>): string | null {
  if (names.has(tool.name)) return `has the name "${tool.name}", which another one has`;
  names.add(tool.name);
  if (tool.parameters === undefined) return null;
  if (tool.parameters.type !== undefined && tool.parameters.type !== 'object') return 'needs parameters of type object';
  const fault = faultOfSchema(tool.parameters);
  return fault === null ? null : `has parameters that are no JSON schema: ${fault}`;
}

function refusal(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
