import type { ModelRequest } from '../../../ai/chat-model.ts';

/** Bytes of a token, by estimate: about right for English, and for scripts that take three bytes a character. */
const BYTES_PER_TOKEN = 4;
/** The rules and marks that adapters put around what is given, and what providers add to each message; generous. */
const BYTES_AROUND_REQUEST = 4_000;
const BYTES_AROUND_PIECE = 64;

/** Tokens of a request. `most`: more than any tokenizer makes of it, each of which stands for one byte at least. */
export function inputTokens(request: ModelRequest): { most: number; estimated: number } {
  const bytes = inputBytes(request);
  return { most: BYTES_AROUND_REQUEST + bytes, estimated: estimatedTokens(bytes) };
}

export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function inputBytes({ instructions, messages, passages, memory, tools, format, partialAnswer }: ModelRequest): number {
  const pieces = [
    instructions ?? '',
    partialAnswer ?? '',
    memory?.done ?? '',
    ...messages.map(wordsOf),
    ...(memory?.items ?? []).map(({ content, saidAt }) => `${saidAt}${content}`),
    ...(passages ?? []).map(({ title, headingPath, text }) => `${title}${headingPath.join(' > ')}${text}`),
    ...(tools ?? []).map((tool) => JSON.stringify(tool)),
    ...(format ? [JSON.stringify(format)] : []),
  ];
  return pieces.reduce((sum, piece) => sum + bytesOf(piece) + BYTES_AROUND_PIECE, 0);
}

function wordsOf(message: ModelRequest['messages'][number]): string {
  if (message.role === 'tool') return message.toolCallId + message.content;
  return 'toolCalls' in message ? message.content + JSON.stringify(message.toolCalls) : message.content;
}

/** The same for texts that become vectors. */
export function mostTextTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + bytesOf(text) + BYTES_AROUND_PIECE, 0);
}

export function estimatedTextTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + estimatedTokens(bytesOf(text)), 0);
}
