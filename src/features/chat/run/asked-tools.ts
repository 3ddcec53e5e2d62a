import { requestErrors } from '../../../platform/http/errors.ts';
import { faultOfSchema } from '../../../platform/json-schema/json-schema.ts';
import type { Principal } from '../../identity/index.ts';
import { DEFAULT_RUN_LIMITS, type RunLimits } from './answering.ts';
import type { RunInput } from './run-to-save.ts';
import type { ToolSource } from './run-tools.ts';
import type { ToolRequest } from './tool-request.ts';

/** Refuses what could never be called, in words for whoever asked.
 * @throws ApiError ERR_REQUEST_002 */
export async function assertUsableTools(
  { tools = [], tool_choice, max_steps }: RunInput,
  { tenant, userId }: Principal,
  { tools: source, limits }: { tools: ToolSource | null; limits: Partial<RunLimits> },
): Promise<void> {
  const { mostSteps } = { ...DEFAULT_RUN_LIMITS, ...limits };
  if (max_steps !== undefined && max_steps > mostSteps) throw refusal('max_steps', `must be at most ${mostSteps} here`);
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const fault =
      tool.type === 'function'
        ? faultOfClientTool(tool, names)
        : ((await source?.fault(tool, { tenant, userId })) ?? (source ? null : 'is not there in this installation'));
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
