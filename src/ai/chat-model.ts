/** The port to anything that writes answers. Adapters live beside this file; features know only these types. */

/** A passage of a document that the answer may quote. `number` is what a citation marker `[n]` refers to, from 1. */
export type Passage = {
  number: number;
  chunkId: string;
  documentId: string;
  title: string;
  /** Headings above the passage, outermost first. */
  headingPath: readonly string[];
  /** First page of the passage, from 1; null where the format has no pages. */
  page: number | null;
  text: string;
};

export type ToolDefinition = {
  name: string;
  description: string;
  inputSchema: Record<string, unknown>;
  /** Whether the provider shall hold the model to the schema; absent: as it does unasked. */
  strict?: boolean;
};
/** `input` is what the model wrote, unchecked: a plain string where it wrote no valid JSON. */
export type ToolCall = {
  id: string;
  name: string;
  input: unknown;
  /** By the provider's name: what it wants back with the call as it sent it, such as Gemini's signature of its thoughts. */
  opaque?: Readonly<Record<string, unknown>>;
};

export type ModelMessage =
  | { role: 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls?: readonly ToolCall[] }
  | { role: 'tool'; toolCallId: string; content: string };

/** Something remembered about the user: a fact as a sentence, or a message of an earlier talk. */
export type RememberedItem = {
  kind: 'fact' | 'memory';
  role: 'user' | 'assistant' | 'system';
  content: string;
  /** When it was said, ISO 8601. */
  saidAt: string;
};

/** What an answer must be that is not prose: any JSON object, or JSON that fits a schema. */
export type AnswerFormat =
  | { type: 'json' }
  | { type: 'json_schema'; name: string; description?: string; schema: Record<string, unknown>; strict?: boolean };

/** What not every model knows. One that does not is asked without it. */
export type ModelWishes = {
  /** How much a model that thinks first is to think. */
  reasoningEffort?: ReasoningEffort;
  /** How much it is to say. */
  verbosity?: 'low' | 'medium' | 'high';
  /** The same seed asks for the same answer to the same request. */
  seed?: number;
  /** -2 to 2. */
  presencePenalty?: number;
  /** -2 to 2. */
  frequencyPenalty?: number;
};

export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

export type ModelRequest = {
  /** What the operator and the program tell the model; users cannot override it. */
  instructions: string | null;
  /** Oldest first; the last one is what is to be answered. */
  messages: readonly ModelMessage[];
  /** Evidence for this question; null when the run did not search, empty when it searched and found nothing. */
  passages: readonly Passage[] | null;
  /** What memory gives to this question, best first. `done`: what was just done to memory because the question asks for it,
   * in words that the answer gives on. */
  memory?: { items: readonly RememberedItem[]; done: string | null };
  tools?: readonly ToolDefinition[];
  /** Default: auto. */
  toolChoice?: 'auto' | 'none' | 'required' | { name: string };
  /** False: at most one call in each step, of providers that can be told so. */
  parallelToolCalls?: false;
  /** Default: prose. A provider that does not know formats is told in words: whoever asks checks what comes. */
  format?: AnswerFormat;
  maxOutputTokens?: number;
  /** 0 to 2. */
  temperature?: number;
  /** 0 to 1. */
  topP?: number;
  wishes?: ModelWishes;
  stop?: readonly string[];
  /** What this answer has already said, after a crash: the model goes on from there and does not repeat it.
   * Offsets in events count from the answer's beginning, this part included. */
  partialAnswer?: string;
  /** How long what is said may gather before it is given on, ms; asked before each batch, 0 where it is left out. For callers
   * who could do no more with single words: it spares the work for each of them. The end is given on at once. */
  gatherMs?: () => number;
  /** Aborting ends the upstream request at once; the iterable then throws the signal's reason. */
  signal: AbortSignal;
};

export type TokenUsage = {
  inputTokens: number;
  /** Those of them that the provider had cached; absent where it does not say. */
  cachedInputTokens?: number;
  /** Hidden reasoning included. */
  outputTokens: number;
  /** How many of them were hidden reasoning; absent where the provider does not say. */
  reasoningTokens?: number;
};
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'other';

export type ModelEvent =
  /** Before any other event, and only when another model than the one that was asked answers: its id, for price and log. */
  | { type: 'fallback'; model: string }
  | { type: 'text-delta'; delta: string }
  /** The text between two offsets of the answer so far (UTF-16) quotes `passage`, from `start` to `end` of its text. */
  | { type: 'quote'; passage: number; start: number; end: number; answerStart: number; answerEnd: number }
  | { type: 'tool-call'; toolCall: ToolCall }
  /** Always the last event of a stream that did not throw. `usage` is null when the provider sent none. `costUsd` is what
   * the meter says that the call cost: null when there is no price, absent when nothing was metered. */
  | { type: 'finish'; reason: FinishReason; usage: TokenUsage | null; costUsd?: number | null };

export type ChatModel = {
  /** `provider/model`, as in the API. */
  readonly id: string;
  /** False: it can write no JSON, and a request for it is refused. */
  readonly writesJson?: false;
  /** Set where the key is not the installation's: whoever is asked for, a tenant, pays the provider itself. */
  readonly paidBy?: 'tenant';
  /** Events in batches, one batch for each piece that the network delivered, so that a fast upstream costs few awaits.
   * @throws ModelError */
  stream(request: ModelRequest): AsyncIterable<readonly ModelEvent[]>;
  /** In models that may make several requests for one stream: see `around.ts`. */
  around?(wrap: (one: ChatModel) => ChatModel): ChatModel;
};

export type ModelErrorKind =
  | 'rate-limited'
  | 'unauthorized'
  | 'bad-request'
  | 'unavailable'
  | 'timeout'
  | 'protocol'
  /** The model can't go on from `partialAnswer`: drop that part and ask again without it. */
  | 'cannot-continue';

/** Why a provider refused a request, where that is a matter between it and whoever asks: nobody has set anything wrongly. */
export type RefusalReason = 'unknown-model' | 'context-too-long';

/** What went wrong upstream, in our words: the provider's own text is in `cause` only, for the log, never for a client. */
export class ModelError extends Error {
  readonly kind: ModelErrorKind;
  /** Seconds to wait, where the provider said so. */
  readonly retryAfter: number | null;
  /** Of a `bad-request`, where it is known. */
  readonly refusal: RefusalReason | null;
  constructor(
    kind: ModelErrorKind,
    message: string,
    options: { cause?: unknown; retryAfter?: number | null; refusal?: RefusalReason | null } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ModelError';
    this.kind = kind;
    this.retryAfter = options.retryAfter ?? null;
    this.refusal = options.refusal ?? null;
  }
}
