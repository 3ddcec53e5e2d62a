import { requestErrors } from '../../platform/http/errors.ts';
import { fieldFaults, type SchemaFault } from '../../platform/http/schema-faults.ts';
import { compileValidator } from '../../platform/http/validation.ts';
import { type ClientFrame, clientFrames } from './frames.ts';
import { type MemoryFrame, memoryFrames } from './memory-frames.ts';

type Validate = { (frame: unknown): boolean; errors?: readonly SchemaFault[] | null };

/** A client's frame of the chat. @throws ApiError naming the field that is wrong */
export const readFrame = readerOf<ClientFrame>(clientFrames, { url: '/v1/ws/chat', unnamed: 'message' });

/** A client's frame of live memory. @throws ApiError naming the field that is wrong */
export const readMemoryFrame = readerOf<MemoryFrame>(memoryFrames, { url: '/v1/ws/memory', unnamed: 'search' });

/** Reads frames by the schema that their `type` names; `unnamed` is what those without one are. */
function readerOf<Frame>(
  schemas: Readonly<Record<string, object>>,
  { url, unnamed }: { url: string; unnamed: string },
): (text: string) => Frame {
  const validators = new Map(
    Object.entries(schemas).map(([kind, schema]) => {
      const place = { method: 'GET', url, httpPart: 'body' };
      return [kind, compileValidator({ schema, ...place }) as unknown as Validate];
    }),
  );
  return (text) => {
    const frame = parse(text);
    const kind = String((frame as { type?: unknown }).type ?? unnamed);
    const validate = validators.get(kind);
    if (!validate) throw invalid('type', `must be one of ${[...validators.keys()].join(', ')}`);
    if (!validate(frame)) {
      const [first, ...rest] = fieldFaults(validate.errors ?? [], 'frame');
      if (!first) throw requestErrors.invalid();
      throw requestErrors.invalid(`${first.field} ${first.message}`, { fields: [first, ...rest] });
    }
    const { type: _, ...fields } = frame as { type?: string };
    return { kind, ...fields } as Frame;
  };
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
