import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseAway, isStatementTimeout } from '../database/failures.ts';
import { ApiError, type FieldFault, requestErrors, STATUS_OF_KIND, serverErrors } from './errors.ts';
import { fieldFaults, type SchemaFault } from './schema-faults.ts';

/** An RFC 9457 problem document, with our stable code. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: readonly FieldFault[];
};

export function statusOf(error: ApiError): number {
  return STATUS_OF_KIND[error.definition.kind];
}

export function problemOf(error: ApiError, requestId: string): Problem {
  const { code, title } = error.definition;
  return {
    type: `/docs/errors#${code}`,
    title,
    status: statusOf(error),
    detail: error.message,
    code,
    request_id: requestId,
    ...(error.options.fields ? { errors: error.options.fields } : {}),
    ...error.options.extensions,
  };
}

/** Turns anything thrown into an error that is safe to show. What it was is kept as the cause, for the log. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  // Anything can be thrown, null too.
  const fault = (error ?? {}) as Partial<FastifyError> & { validation?: SchemaFault[] };
  // A path with something that is no id leads nowhere, as one with an unknown id does.
  if (fault.validationContext === 'params') return requestErrors.notFound('There is nothing at this address.');
  if (fault.validation) return invalid(fault.validation, fault.validationContext);
  const known = typeof fault.code === 'string' ? fromFastify(fault) : undefined;
  if (known) return known;
  if (isDatabaseAway(error))
    return serverErrors.databaseUnavailable(undefined, { cause: error, headers: { 'retry-after': '1' } });
  if (isStatementTimeout(error)) return requestErrors.timeout(undefined, { cause: error });
  return serverErrors.internal(undefined, { cause: error });
}

function fromFastify(error: Partial<FastifyError>): ApiError | undefined {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return requestErrors.malformed(
        error.code === 'FST_ERR_CTP_EMPTY_JSON_BODY' ? 'The body is empty, but JSON was announced.' : undefined,
      );
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
    case 'FST_FILES_LIMIT':
    case 'FST_FIELDS_LIMIT':
    case 'FST_PARTS_LIMIT':
      return requestErrors.tooLarge('The request is larger than this address takes.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_INVALID_MULTIPART_CONTENT_TYPE':
      return requestErrors.unsupportedType('This content type is not understood here. Send application/json.');
    case 'FST_ERR_BAD_URL':
      return requestErrors.malformed('The address is not a valid URL path.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return requestErrors.malformed('A part of the address is longer than any id or name.');
    default:
      return error.code?.startsWith('FST_') && (error.statusCode ?? 500) < 500
        ? requestErrors.malformed('The request could not be read.', { cause: error })
        : undefined;
  }
}

function invalid(faults: readonly SchemaFault[], context: string | undefined): ApiError {
  const fields = fieldFaults(faults, context);
  const first = fields[0];
  return requestErrors.invalid(first ? `${first.field} ${first.message}` : undefined, { fields });
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const apiError = toApiError(error);
  const status = statusOf(apiError);
  if (status >= 500) request.log.error({ err: apiError.options.cause ?? apiError }, apiError.message);
  else request.log.info({ code: apiError.definition.code, detail: apiError.message }, 'refused');
  return (
    reply
      .code(status)
      .headers(apiError.options.headers ?? {})
      // Hooks set it, too, but do not run for an address that cannot be read.
      .header('x-request-id', request.id)
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(apiError, request.id)))
  );
}

const KIBIBYTE = 1024;

export function bodyTooLarge(limitBytes: number): ApiError {
  const [size, unit] =
    limitBytes < KIBIBYTE ** 2 ? [limitBytes / KIBIBYTE, 'KiB'] : [limitBytes / KIBIBYTE ** 2, 'MiB'];
  return requestErrors.tooLarge(`The body is larger than ${Math.floor(size * 10) / 10} ${unit}.`);
}
