import { type Static, Type } from 'typebox';
import { REASONING_EFFORTS } from '../../ai/chat-model.ts';
import type { GivenMessage, MessagePart, RunInput } from '../../features/chat/index.ts';
import { nullable, words } from '../../platform/http/schema.ts';
import { invalidField, unsupportedField } from './unsupported.ts';

const open = { additionalProperties: true };
const optional = <Schema extends Parameters<typeof nullable>[0]>(schema: Schema) => Type.Optional(nullable(schema));

const FunctionFields = {
  name: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })),
  description: optional(Type.String({ maxLength: 4_000 })),
  parameters: optional(Type.Record(Type.String(), Type.Unknown())),
  strict: optional(Type.Boolean()),
};

/** A tool in either form: Chat Completions have its fields under `function`, Responses beside `type`. */
export const Tools = Type.Array(
  Type.Object(
    { type: Type.String(), function: Type.Optional(Type.Object(FunctionFields, open)), ...FunctionFields },
    open,
  ),
  {
    maxItems: 64,
    description: 'Functions of the client: the answer ends with their calls, the next request brings outputs.',
  },
);
export type Tools = Static<typeof Tools>;

export const ToolChoice = Type.Union([
  Type.String(),
  Type.Object(
    {
      type: Type.String(),
      name: Type.Optional(Type.String()),
      function: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) }, open)),
    },
    open,
  ),
]);
export type ToolChoice = Static<typeof ToolChoice>;

/** What a request's tools are for a run. @throws ApiError naming a tool that is no function */
export function toolInput(tools: Tools | null | undefined, choice: ToolChoice | null | undefined): Partial<RunInput> {
  const functions = (tools ?? []).map((tool, index) => {
    if (tool.type !== 'function') {
      throw unsupportedField(
        `tools.${index}.type`,
        `"${tool.type.slice(0, 40)}" is not supported here; give functions`,
      );
    }
    const { name, description, parameters, strict } = tool.function ?? tool;
    if (name === undefined) throw invalidField(`tools.${index}.name`, 'is required');
    return {
      type: 'function' as const,
      name,
      ...(description && { description }),
      ...(parameters && { parameters }),
      ...(typeof strict === 'boolean' && { strict }),
    };
  });
  // Nobody can be waited for here; the tenant's own tools are not called where no tool is wanted.
  if (functions.length === 0) return { client_tools: 'end', ...(choice === 'none' && { tool_choice: choice }) };
  const tool_choice = choiceOf(choice);
  return { tools: functions, client_tools: 'end', ...(tool_choice && { tool_choice }) };
}

function choiceOf(choice: ToolChoice | null | undefined): RunInput['tool_choice'] {
  if (choice === null || choice === undefined) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  const name = typeof choice === 'string' ? undefined : (choice.function?.name ?? choice.name);
  if (name !== undefined && typeof choice === 'object' && choice.type === 'function') return { type: 'function', name };
  throw unsupportedField('tool_choice', 'must be auto, none, required or a function here');
}

/** Wishes that both dialects have in common. */
export const SamplingFields = {
  temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
  parallel_tool_calls: optional(Type.Boolean()),
};

export function samplingInput(asked: {
  temperature?: number | null;
  top_p?: number | null;
  parallel_tool_calls?: boolean | null;
}): Partial<RunInput> {
  const { temperature, top_p, parallel_tool_calls: parallel } = asked;
  return {
    ...(typeof temperature === 'number' && { temperature }),
    ...(typeof top_p === 'number' && { top_p }),
    ...(parallel === false && { parallel_tool_calls: false }),
  };
}

type Wishes = NonNullable<RunInput['wishes']>;

export const ReasoningEffort = words([...REASONING_EFFORTS]);
export const Verbosity = words(['low', 'medium', 'high']);
const Penalty = Type.Number({ minimum: -2, maximum: 2 });
/** What Chat Completions wish besides. A model that does not know one of them answers without it. */
export const WishFields = {
  reasoning_effort: optional(ReasoningEffort),
  verbosity: optional(Verbosity),
  seed: optional(Type.Integer({ minimum: -(2 ** 53) + 1, maximum: 2 ** 53 - 1 })),
  presence_penalty: optional(Penalty),
  frequency_penalty: optional(Penalty),
};

/** What is asked for of it. */
export function wishInput(
  asked: { [Wish in keyof Wishes]?: Wishes[Wish] | null | undefined },
): Pick<RunInput, 'wishes'> {
  const { reasoning_effort, verbosity, seed, presence_penalty, frequency_penalty } = asked;
  const all = { reasoning_effort, verbosity, seed, presence_penalty, frequency_penalty };
  const wishes: Wishes = Object.fromEntries(
    Object.entries(all).filter(([, wish]) => wish !== null && wish !== undefined),
  );
  return Object.keys(wishes).length > 0 ? { wishes } : {};
}

/** What is to be answered: the question that comes last, or outputs of functions; null where there is neither. */
export function asking(said: readonly GivenMessage[]): Pick<RunInput, 'input' | 'earlier'> | null {
  const last = said.at(-1);
  if (last?.role === 'tool') return { input: null, earlier: said };
  if (last?.role !== 'user') return null;
  const question = last.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { input: question, earlier: said.slice(0, -1) };
}

/** A call as a part of the message that made it. What is no JSON stays the text that it is. */
export function callPart(id: string, name: string, written: string): MessagePart {
  return { type: 'tool-call', tool_call: { id, name, input: parsed(written) } };
}

function parsed(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}

/** A call's input as these dialects write it. */
export function argumentsOf(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input ?? {});
}
