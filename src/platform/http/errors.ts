/** Errors that a client may see. Features define theirs with `defineErrors`; the renderer of this room alone knows statuses. */

export const STATUS_OF_KIND = {
  malformed: 400,
  unauthenticated: 401,
  'over-budget': 402,
  forbidden: 403,
  'not-found': 404,
  'wrong-method': 405,
  'too-slow': 408,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  'unsupported-type': 415,
  misdirected: 421,
  invalid: 422,
  'upgrade-required': 426,
  'rate-limited': 429,
  'headers-too-large': 431,
  internal: 500,
  upstream: 502,
  unavailable: 503,
  timeout: 504,
} as const;

export type ErrorKind = keyof typeof STATUS_OF_KIND;
export type FieldFault = { field: string; message: string };

export type ErrorDefinition = {
  /** `ERR_<AREA>_<NNN>`: stable, clients may rely on it. */
  code: string;
  kind: ErrorKind;
  title: string;
  /** What `detail` may say, for the documentation. */
  example: string;
};

export type ErrorOptions = {
  fields?: readonly FieldFault[];
  /** For the log only. */
  cause?: unknown;
  headers?: Record<string, string>;
  /** Further members of the problem document (RFC 9457 §3.2). */
  extensions?: Record<string, unknown>;
};

/** An error whose every word is safe to send: no SQL, path, stack or provider text in `detail`. */
export class ApiError extends Error {
  readonly definition: ErrorDefinition;
  readonly options: ErrorOptions;
  constructor(definition: ErrorDefinition, detail: string, options: ErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'ApiError';
    this.definition = definition;
    this.options = options;
  }
}

type Raise = (detail?: string, options?: ErrorOptions) => ApiError;
type Declared = { number: number; kind: ErrorKind; title: string; example: string };

const table = new Map<string, ErrorDefinition>();

/** Declares the errors of one area. The table of all of them is what `/docs` and docs/errors.md show. */
export function defineErrors<Names extends string>(
  area: string,
  declared: Record<Names, Declared>,
): Record<Names, Raise> {
  const entries = Object.entries<Declared>(declared).map(([name, { number, kind, title, example }]) => {
    const definition = { code: `ERR_${area}_${String(number).padStart(3, '0')}`, kind, title, example };
    if (table.has(definition.code)) throw new Error(`The error code ${definition.code} is defined twice.`);
    table.set(definition.code, definition);
    const raise: Raise = (detail = example, options) => new ApiError(definition, detail, options);
    return [name, raise] as const;
  });
  return Object.fromEntries(entries) as Record<Names, Raise>;
}

/** Every error that is defined, in order of code. */
export function errorTable(): readonly ErrorDefinition[] {
  return [...table.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

export const requestErrors = defineErrors('REQUEST', {
  malformed: {
    number: 1,
    kind: 'malformed',
    title: 'Malformed request',
    example: 'The body is not valid JSON.',
  },
  invalid: {
    number: 2,
    kind: 'invalid',
    title: 'Invalid request',
    example: 'query must have at least 1 character',
  },
  notFound: {
    number: 3,
    kind: 'not-found',
    title: 'No such address',
    example: 'There is nothing at GET /v1/nothing. The reference is at /docs.',
  },
  tooLarge: {
    number: 4,
    kind: 'too-large',
    title: 'Request too large',
    example: 'The body is larger than 1 MiB.',
  },
  unsupportedType: {
    number: 5,
    kind: 'unsupported-type',
    title: 'Unsupported content type',
    example: 'Send application/json.',
  },
  timeout: {
    number: 6,
    kind: 'timeout',
    title: 'Request timed out',
    example: 'The answer took longer than this server allows. Ask for less, or try again.',
  },
  tooSlow: {
    number: 7,
    kind: 'too-slow',
    title: 'Request too slow',
    example: 'The request did not arrive in time. Send it again.',
  },
  headersTooLarge: {
    number: 8,
    kind: 'headers-too-large',
    title: 'Headers too large',
    example: 'The headers are larger than 16 KiB; send fewer or shorter ones.',
  },
  unknownHost: {
    number: 9,
    kind: 'misdirected',
    title: 'Unknown host',
    example: 'This server is not known under the name in Host. Its operator sets the names by TRUSTED_HOSTS.',
  },
  foreignOrigin: {
    number: 10,
    kind: 'forbidden',
    title: 'Foreign origin',
    example:
      'Pages of this origin may not call this address. The operator of the server lists origins in ALLOWED_ORIGINS.',
  },
  upgradeRequired: {
    number: 11,
    kind: 'upgrade-required',
    title: 'Only by WebSocket',
    example: 'This address speaks WebSocket: open it with a WebSocket client.',
  },
  wrongMethod: {
    number: 12,
    kind: 'wrong-method',
    title: 'Method not allowed',
    example: '/v1/chatkit takes POST, not GET. The reference is at /docs.',
  },
});

export const serverErrors = defineErrors('SERVER', {
  internal: {
    number: 1,
    kind: 'internal',
    title: 'Internal error',
    example: 'Something went wrong on our side. Give the request id to the operator.',
  },
  unavailable: {
    number: 2,
    kind: 'unavailable',
    title: 'Not available now',
    example: 'The server is shutting down. Try again in a moment.',
  },
  databaseUnavailable: {
    number: 3,
    kind: 'unavailable',
    title: 'Database not available',
    example: 'The database does not answer. Try again in a moment.',
  },
  overloaded: {
    number: 4,
    kind: 'unavailable',
    title: 'Overloaded',
    example: 'The server has more to do than it can now. Try again in a moment.',
  },
});
