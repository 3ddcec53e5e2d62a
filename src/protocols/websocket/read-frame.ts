import { requestErrors } from '../../platform/http/errors.ts';
import { fieldFaults, type SchemaFault } from '../../platform/http/schema-faults.ts';
import { compileValidator } from '../../platform/http/validation.ts';
import { type ClientFrame, clientFrames } from './frames.ts';

type Kind = keyof typeof clientFrames;
type Validate = { (frame: unknown): boolean; errors?: readonly SchemaFault[] | null };

const KINDS = Object.keys(clientFrames) as Kind[];
const validators = new Map(
  KINDS.map((kind) => {
    const place = { method: 'GET', url: '/v1/ws/chat', httpPart: 'body' };
    return [kind, compileValidator({ schema: clientFrames[kind], ...place }) as unknown as Validate];
  }),
);

/** A client's frame. @throws ApiError naming the field that is wrong */
export function readFrame(text: string): ClientFrame {
  const frame = parse(text);
  const kind = (frame as { type?: unknown }).type ?? 'message';
  const validate = validators.get(kind as Kind);
  if (!validate) throw invalid('type', `must be one of ${KINDS.join(', ')}`);
  if (!validate(frame)) {
    const [first, ...rest] = fieldFaults(validate.errors ?? [], 'frame');
    if (!first) throw requestErrors.invalid();
    throw requestErrors.invalid(`${first.field} ${first.message}`, { fields: [first, ...rest] });
  }
  const { type: _, ...fields } = frame as { type?: string };
  return { kind, ...fields } as ClientFrame;
}

function parse(text: string): object {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw requestErrors.malformed('The frame is not valid JSON.');
  }
  if (typeof frame === 'object' && frame !== null && !Array.isArray(frame)) return frame;
  throw invalid('frame', 'must be a JSON object');
}

function invalid(field: string, message: string) {
  return requestErrors.invalid(`${field} ${message}`, { fields: [{ field, message }] });
}
