import { type Static, Type } from 'typebox';
import type { CitationPart } from '../../features/chat/index.ts';
import type { FieldFault } from '../../platform/http/errors.ts';

/** Characters of one message. */
export const LONGEST_MESSAGE = 5_000;
/** Bytes of one frame: a message of 5,000 characters, each escaped in JSON, and the rest of its frame. */
export const LARGEST_FRAME = 64 * 1024;

const closed = { additionalProperties: false };
const Id = Type.String({ format: 'uuid' });
const RunPosition = { run_id: Id, after: Type.Optional(Type.Integer({ minimum: 0 })) };

/** What the first frame and every question look like: `type` may be left out, as clients of older servers do. */
const MessageFrame = Type.Object(
  {
    type: Type.Optional(Type.Literal('message')),
    message: Type.Optional(Type.String({ minLength: 1, maxLength: LONGEST_MESSAGE, pattern: '\\S' })),
    session_id: Type.Optional(Type.Union([Id, Type.Null()])),
    /** Who asks is known from the credential; older clients send it nevertheless. */
    user_id: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
    model: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** The session's unfinished answer makes way, instead of a refusal. */
    cancel_active: Type.Optional(Type.Boolean()),
  },
  closed,
);
const ResumeFrame = Type.Object({ type: Type.Literal('resume'), ...RunPosition }, closed);
const CancelFrame = Type.Object({ type: Type.Literal('cancel'), run_id: Type.Optional(Id) }, closed);
const PingFrame = Type.Object({ type: Type.Literal('ping') }, closed);

/** The schema of each frame that a client may send, by its `type`. */
export const clientFrames = { message: MessageFrame, resume: ResumeFrame, cancel: CancelFrame, ping: PingFrame };

export type MessageFrame = Static<typeof MessageFrame>;
export type ClientFrame =
  | ({ kind: 'message' } & Omit<MessageFrame, 'type'>)
  | { kind: 'resume'; run_id: string; after?: number }
  | { kind: 'cancel'; run_id?: string }
  | { kind: 'ping' };

/** Where in a run's log a frame stands: a client that comes back resumes behind it. */
export type Position = { run_id: string; seq: number };

/** Older clients branch on these words. */
export type ErrorCode =
  | 'invalid_message'
  | 'rate_limit_exceeded'
  | 'not_found'
  | 'run_active'
  | 'unavailable'
  | 'stream_interrupted'
  | 'openai_quota_exceeded'
  | 'openai_api_error'
  | 'internal_error';

export type ErrorFrame = {
  type: 'error';
  message: string;
  error_code: ErrorCode;
  /** One of our own stable codes, ERR_AREA_NNN. */
  code: string;
  retry_after_seconds?: number;
  details?: readonly FieldFault[];
  run_id?: string;
  seq?: number;
};

export type ServerFrame =
  | { type: 'session'; session_id: string | null; active_run_id: string | null }
  | ({ type: 'start'; session_id: string; message_id: string; model: string } & Position)
  | ({ type: 'stream'; content: string } & Position)
  /** What came of this answer so far is dropped; it is said again. */
  | ({ type: 'reset'; reason: string } & Position)
  | ({
      type: 'complete';
      status: 'completed' | 'cancelled';
      response: string;
      retrieved_docs: number;
      citations: readonly CitationPart[];
      metadata: { retrieved_docs_count: number; query_type: string | null };
      session_id: string | null;
      message_id: string | null;
    } & Position)
  | {
      type: 'metrics';
      run_id: string;
      retrieval_time_ms: number | null;
      llm_time_ms: number | null;
      ttfb_ms: number | null;
      retrieved_docs_count: number;
    }
  | ErrorFrame
  | { type: 'pong' };
