import type { ApiError } from '../../platform/http/errors.ts';
import { openaiErrors } from './openai.errors.ts';

/** Fields whose meaning would be lost if they were ignored, each with the values that ask for nothing. */
export type Unsupported = Readonly<Record<string, (value: unknown) => boolean>>;

export const anything = (): boolean => true;
export const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
export const isTrue = (value: unknown): boolean => value === true;
export const isNot =
  (...harmless: readonly unknown[]) =>
  (value: unknown): boolean =>
    !harmless.includes(value);

/** @throws ApiError ERR_OPENAI_001 naming the first field that asks for what is not offered */
export function refuseUnsupported(body: object, unsupported: Unsupported): void {
  for (const [field, asksForIt] of Object.entries(unsupported)) {
    const value = (body as Record<string, unknown>)[field];
    if (value !== undefined && value !== null && asksForIt(value)) throw unsupportedField(field);
  }
}

export function unsupportedField(field: string, message = 'is not supported here; leave it out'): ApiError {
  return openaiErrors.unsupported(`${field} ${message}.`, { fields: [{ field, message }] });
}

export function invalidField(field: string, message: string): ApiError {
  return openaiErrors.inputInvalid(`${field} ${message}.`, { fields: [{ field, message }] });
}
