import type { AnswerFormat, ChatModel } from '../../../ai/chat-model.ts';
import { requestErrors } from '../../../platform/http/errors.ts';
import { faultOfSchema, schemaFault } from '../../../platform/json-schema/json-schema.ts';
import { chatErrors } from '../chat.errors.ts';

/** The model said something else than what was asked for. The message is for whoever asked. */
export class WrongFormat extends Error {
  constructor(fault: string) {
    super(`The model’s answer is not the JSON that was asked for: ${fault}.`);
    this.name = 'WrongFormat';
  }
}

/** Refuses a format that this model, or any, could never answer in. @throws ApiError ERR_CHAT_011, ERR_REQUEST_002 */
export function assertUsableFormat(format: AnswerFormat, model: ChatModel): void {
  if (model.writesJson === false) {
    const message = 'cannot answer in JSON: name another model, or ask for prose';
    throw chatErrors.noJson(`The model "${model.id}" ${message}.`, { fields: [{ field: 'model', message }] });
  }
  const fault = format.type === 'json_schema' ? faultOfSchema(format.schema) : null;
  if (fault === null) return;
  const message = `is no JSON schema: ${fault}`;
  throw requestErrors.invalid(`answer_format.schema ${message}`, {
    fields: [{ field: 'answer_format.schema', message }],
  });
}

/** Whatever the provider promised: what is handed out as JSON is JSON, and fits. @throws WrongFormat */
export function assertFormat(format: AnswerFormat, text: string): void {
  const value = parsed(text);
  if (format.type === 'json') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WrongFormat('it is no object');
    return;
  }
  const fault = schemaFault(format.schema, value);
  if (fault !== null) throw new WrongFormat(fault);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WrongFormat('it cannot be read as JSON');
  }
}
