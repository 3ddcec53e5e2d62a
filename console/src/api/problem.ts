export type FieldFault = { field: string; message: string };

type ProblemDocument = {
  title?: string;
  detail?: string;
  code?: string;
  request_id?: string;
  errors?: FieldFault[];
  [extension: string]: unknown;
};

/** What went wrong with a request, in words that can be shown. `status` 0: the server was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly requestId: string | null;
  readonly fields: readonly FieldFault[];
  readonly retryAfterSeconds: number | null;
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, document: ProblemDocument, retryAfterSeconds: number | null = null) {
    super(document.detail ?? document.title ?? `The server answered ${status}.`);
    this.name = 'ApiError';
    this.status = status;
    this.code = document.code ?? null;
    this.requestId = document.request_id ?? null;
    this.fields = Array.isArray(document.errors) ? document.errors : [];
    this.retryAfterSeconds = retryAfterSeconds;
    this.document = document;
  }

  get unreachable(): boolean {
    return this.status === 0;
  }

  /** Whether the same request may succeed a little later. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** The fault of one field, matching `email` and `body.email` alike. */
  fieldMessage(field: string): string | null {
    const fault = this.fields.find((each) => each.field === field || each.field.endsWith(`.${field}`));
    return fault ? sentence(fault.message) : null;
  }
}

export function unreachable(): ApiError {
  return new ApiError(0, { detail: 'The server cannot be reached. Check your connection; nothing was lost.' });
}

export function signedOut(): ApiError {
  return new ApiError(401, { detail: 'You are signed out. Sign in again to go on.' });
}

/** Reads the problem document of a refusal; proxies in between may answer with anything. */
export async function problemFrom(response: Response): Promise<ApiError> {
  return problemFromText(response.status, await response.text().catch(() => ''), {
    requestId: response.headers.get('x-request-id'),
    retryAfter: response.headers.get('retry-after'),
  });
}

export function problemFromText(
  status: number,
  text: string,
  headers: { requestId: string | null; retryAfter: string | null },
): ApiError {
  const document = parseDocument(text);
  const requestId = document.request_id ?? headers.requestId;
  const seconds = Number(headers.retryAfter ?? Number.NaN);
  return new ApiError(
    status,
    { ...document, ...(requestId === null ? {} : { request_id: requestId }) },
    Number.isFinite(seconds) ? seconds : null,
  );
}

function parseDocument(text: string): ProblemDocument {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as ProblemDocument) : {};
  } catch {
    return {};
  }
}

/** "must be an address" → "Must be an address." */
function sentence(message: string): string {
  const text = message.trim();
  if (text === '') return 'Is not valid.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
