import { type Static, Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import { nullable, words } from '../../platform/http/schema.ts';
import type { MessagePart } from './message.ts';
import { RunToolChoice, RunTools, WaitingFor } from './tools.schema.ts';

const closed = { additionalProperties: false };
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ format: 'uuid' });
const Metadata = Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), {
  maxProperties: 50,
  description: 'Anything of yours; 50 keys at most.',
});
const Title = Type.String({ minLength: 1, maxLength: 200 });

export const IdParams = Type.Object({ id: Id }, closed);

export const NewSession = Type.Object({ title: Type.Optional(Title), metadata: Type.Optional(Metadata) }, closed);
export type NewSession = Static<typeof NewSession>;

export const SessionChange = Type.Object(
  {
    title: Type.Optional(nullable(Title)),
    metadata: Type.Optional(Metadata),
    current_message_id: Type.Optional(
      Type.String({
        format: 'uuid',
        description:
          'Turns to the branch through this message, at the end that was used last. Not while a run answers.',
      }),
    ),
  },
  { ...closed, minProperties: 1 },
);
export type SessionChange = Static<typeof SessionChange>;

export const SessionView = Type.Object(
  {
    id: Id,
    user_id: Id,
    title: nullable(Type.String(), { description: 'Null until the first message gives it.' }),
    metadata: Metadata,
    message_count: Type.Integer({ description: 'On the current branch.' }),
    current_message_id: nullable(Id, { description: 'The last message of the current branch.' }),
    active_run_id: nullable(Id, { description: 'The run that is still answering, if there is one.' }),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'Session' },
);
export type SessionView = Static<typeof SessionView>;

export const MessageView = Type.Object(
  {
    id: Id,
    session_id: Id,
    role: words(['user', 'assistant', 'system', 'tool']),
    parts: Type.Unsafe<readonly MessagePart[]>(
      Type.Array(
        Type.Object(
          {
            type: words([
              'text',
              'citation',
              'tool-call',
              'tool-approval',
              'tool-result',
              'mention',
              'quote',
              'attachment',
              'choice',
              'act',
            ]),
          },
          { additionalProperties: true },
        ),
      ),
    ),
    content: Type.String({ description: 'Its parts as text, joined.' }),
    status: words(['complete', 'incomplete']),
    run_id: nullable(Id),
    parent_id: nullable(Id, { description: 'The message that it follows; null for the first.' }),
    siblings: Type.Array(Id, {
      description:
        'All that is said in its place, itself among them, oldest first: more than one where there are branches.',
    }),
    created_at: Time,
  },
  { title: 'Message' },
);

const Cursor = nullable(Type.String(), { description: 'Null on the last page.' });
export const SessionPage = Type.Object({ data: Type.Array(SessionView), next_cursor: Cursor });
export const MessagePage = Type.Object({ data: Type.Array(MessageView), next_cursor: Cursor });
export const MessageQuery = Type.Object(
  { ...pageQuery, order: Type.Optional(words(['asc', 'desc'], { default: 'asc' })) },
  closed,
);

/** Characters of one input, all its parts together. */
export const LONGEST_INPUT = 32_000;
const InputText = Type.String({ minLength: 1, maxLength: LONGEST_INPUT, pattern: '\\S' });

/** How a run looks into the documents. */
export const RetrievalOptions = Type.Object(
  {
    mode: Type.Optional(
      words(['auto', 'off', 'hybrid', 'dense', 'sparse'], {
        default: 'auto',
        description: 'auto decides by the question; off answers without documents.',
      }),
    ),
    top_k: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
    filter: Type.Optional(
      Type.Object(
        {
          document_ids: Type.Optional(Type.Array(Id, { maxItems: 100 })),
          source_ids: Type.Optional(Type.Array(Id, { maxItems: 100 })),
          metadata: Type.Optional(Metadata),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** Whether a run recalls what is remembered, and is remembered itself. */
export const MemoryOptions = Type.Object(
  {
    mode: Type.Optional(
      words(['auto', 'on', 'off'], {
        default: 'auto',
        description:
          'auto: on for a person in a session of theirs; off for an API key that names no subject, since it may speak for many people.',
      }),
    ),
    subject: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description: 'Your own name for the person whom your program speaks for.',
      }),
    ),
  },
  closed,
);

const AnswerSchema = Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the answer.' });

/** What the answer must be, where it must not be prose. */
export const AnswerFormat = Type.Union(
  [
    Type.Object({ type: Type.Literal('json') }, { ...closed, title: 'Any JSON object' }),
    Type.Object(
      {
        type: Type.Literal('json_schema'),
        name: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
        description: Type.Optional(Type.String({ maxLength: 4_000 })),
        schema: AnswerSchema,
        strict: Type.Optional(Type.Boolean({ description: 'Passed on to providers that know it.' })),
      },
      { ...closed, title: 'JSON that fits a schema' },
    ),
  ],
  { description: 'Default: prose. An answer that is not what was asked for fails the run (ERR_RUN_008).' },
);

export const NewRun = Type.Object(
  {
    input: Type.Union([
      InputText,
      Type.Array(Type.Object({ type: Type.Literal('text'), text: InputText }, closed), { minItems: 1, maxItems: 50 }),
    ]),
    model: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: '`provider/model`, or `extractive`. Default: the installation’s.',
      }),
    ),
    instructions: Type.Optional(
      Type.String({ maxLength: 32_000, description: 'What the model is told beside the question.' }),
    ),
    retrieval: Type.Optional(RetrievalOptions),
    memory: Type.Optional(MemoryOptions),
    max_output_tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 128_000 })),
    temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
    stop: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
        maxItems: 4,
        description: 'Texts at which the model stops; they are not part of the answer.',
      }),
    ),
    tools: Type.Optional(RunTools),
    tool_choice: Type.Optional(RunToolChoice),
    answer_format: Type.Optional(AnswerFormat),
    max_steps: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description: 'Rounds of model and tools; not above the installation’s limit.',
      }),
    ),
    cancel_active: Type.Optional(
      Type.Boolean({
        description:
          'Cancels the unfinished run of the session first, also one that waits for a tool; what it said is kept. Default: it is refused with 409.',
      }),
    ),
    metadata: Type.Optional(Metadata),
  },
  closed,
);
export type NewRun = Static<typeof NewRun>;

export const MessageParams = Type.Object({ id: Id, message_id: Id }, closed);
/** The same without a question: for one that is there. */
export const Regeneration = Type.Omit(NewRun, ['input'], closed);
export type Regeneration = Static<typeof Regeneration>;

export const RunView = Type.Object(
  {
    id: Id,
    session_id: Id,
    message_id: Id,
    status: words(['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled']),
    model: Type.String(),
    attempt: Type.Integer({ description: 'Above 1 when another worker took the run over.' }),
    usage: Type.Union([
      Type.Object({
        input_tokens: Type.Integer(),
        cached_input_tokens: Type.Optional(
          Type.Integer({ description: 'Of the input; only where a provider says so.' }),
        ),
        output_tokens: Type.Integer(),
        reasoning_tokens: Type.Optional(
          Type.Integer({ description: 'Hidden reasoning in the output; only where a provider says so.' }),
        ),
        cost_usd: Type.Union([Type.Number(), Type.Null()]),
        estimated: Type.Optional(Type.Literal(true, { description: 'A provider counted nothing, or was cut off.' })),
      }),
      Type.Null(),
    ]),
    error: Type.Union([Type.Object({ code: Type.String(), detail: Type.String() }), Type.Null()]),
    last_seq: Type.Integer({ description: 'Place of the last event.' }),
    waiting_for: Type.Union([WaitingFor, Type.Null()], { description: 'What a waiting run waits for.' }),
    metadata: Metadata,
    created_at: Time,
    started_at: nullable(Time),
    ended_at: nullable(Time),
  },
  { title: 'Run' },
);
export type RunView = Static<typeof RunView>;

/** What a column of the log can hold. */
export const HIGHEST_SEQ = 2_147_483_647;
export const EventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({ minimum: 0, maximum: HIGHEST_SEQ, description: 'Seq of the last event that was seen.' }),
    ),
  },
  closed,
);
