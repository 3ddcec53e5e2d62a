import type { FieldFault } from './errors.ts';

/** A fault as ajv reports it. */
export type SchemaFault = { instancePath: string; keyword: string; message?: string; params: Record<string, unknown> };

/** Faults that one answer lists; a client mends these first. */
const MOST_FAULTS = 20;

/** Ajv's faults in words for the person who wrote the request: one for each field and reason. */
export function fieldFaults(faults: readonly SchemaFault[], context: string | undefined): FieldFault[] {
  const shown = withoutUnions(faults.slice(0, MOST_FAULTS * 4));
  const types = Map.groupBy(
    shown.filter(({ keyword }) => keyword === 'type'),
    ({ instancePath }) => instancePath,
  );
  const found = new Map<string, FieldFault>();
  for (const fault of shown) {
    const field = fieldOf(fault, context);
    const message = fault.keyword === 'type' ? typeMessage(types.get(fault.instancePath) ?? []) : messageOf(fault);
    found.set(`${field} ${message}`, { field, message });
  }
  return [...found.values()].slice(0, MOST_FAULTS);
}

/** Of a union, the faults of the branches that a value was meant for: those of its own type. */
function withoutUnions(faults: readonly SchemaFault[]): readonly SchemaFault[] {
  const plain = faults.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'oneOf');
  const kept = plain.filter((fault) => fault.keyword !== 'type' || !plain.some((other) => isCloser(other, fault)));
  return kept.length > 0 ? kept : faults;
}

/** Whether a fault was found behind the type of a value that another branch refused for its type. */
function isCloser(fault: SchemaFault, refused: SchemaFault): boolean {
  if (fault.instancePath === refused.instancePath) return fault.keyword !== 'type';
  return fault.instancePath.startsWith(`${refused.instancePath}/`);
}

function fieldOf(fault: SchemaFault, context: string | undefined): string {
  const path = fault.instancePath.split('/').slice(1).map(decodePointer);
  const missing = fault.params.requiredProperties ?? fault.params.missingProperty;
  const extra = fault.params.additionalProperties ?? fault.params.additionalProperty;
  const last = fault.keyword === 'required' ? missing : fault.keyword === 'additionalProperties' ? extra : undefined;
  const field = [...path, ...(last === undefined ? [] : [String(Array.isArray(last) ? last[0] : last)])].join('.');
  return field === '' ? (context ?? 'body') : field;
}

/** RFC 6901 §4. */
function decodePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** A union of types is one demand: "must be string or array". */
function typeMessage(faults: readonly SchemaFault[]): string {
  const types = faults.flatMap(({ params }) => params.type as string | string[]);
  return `must be ${[...new Set(types)].join(' or ')}`;
}

function messageOf(fault: SchemaFault): string {
  const { keyword, params } = fault;
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is not known here; remove it';
  if (keyword === 'pattern' && params.pattern === '\\S') return 'must not be blank';
  if (keyword === 'enum' || keyword === 'const') {
    const allowed = params.allowedValues ?? [params.allowedValue];
    return `must be one of ${(allowed as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`;
  }
  return fault.message ?? 'is not valid';
}
