import { ModelError } from './chat-model.ts';
import { modelError, statusError } from './http/upstream-error.ts';
import { endpoint, type OpenAiAddress } from './openai-compatible/address.ts';

export type Recording = {
  bytes: Uint8Array;
  /** Such as `audio/webm;codecs=opus`. */
  mediaType: string;
};

/** Writes speech down. */
export type Transcriber = {
  id: string;
  /** @throws ModelError, or the signal's reason */
  transcribe(recording: Recording, signal: AbortSignal): Promise<string>;
};

const TIMEOUT_MS = 60_000;
/** Characters of an answer that are read: an hour of speech has some 60,000. */
const LARGEST_ANSWER = 1_000_000;

/** Providers tell the format by the file's name. */
const ENDINGS: Readonly<Record<string, string>> = {
  'audio/webm': 'webm',
  'audio/ogg': 'ogg',
  'audio/mp4': 'mp4',
  'audio/m4a': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/flac': 'flac',
};

/** A transcriber behind `/audio/transcriptions`. Asked once: a person who speaks again is quicker than a retry. */
export function openAiCompatibleTranscriber(options: OpenAiAddress & { model: string }): Transcriber {
  const { provider, model } = options;
  return {
    id: `${provider}/${model}`,
    async transcribe({ bytes, mediaType }, signal) {
      const { url, headers } = endpoint(options, '/audio/transcriptions');
      const base = baseType(mediaType);
      const form = new FormData();
      form.set('file', new Blob([new Uint8Array(bytes)], { type: base }), `recording.${ENDINGS[base] ?? 'webm'}`);
      form.set('model', model);
      form.set('response_format', 'json');
      const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      // A redirect would carry the key elsewhere.
      const request = { method: 'POST', headers, body: form, signal: limited, redirect: 'error' } as const;
      const broken = (cause: unknown): never => {
        signal.throwIfAborted();
        throw modelError(provider, limited.aborted ? 'timeout' : 'unavailable', cause);
      };
      const response = await fetch(url, request).catch(broken);
      const answer = await beginningOf(response).catch(broken);
      if (!response.ok) throw statusError(provider, response.status, {}, answer.slice(0, 65_536));
      return textOf(provider, answer);
    },
  };
}

/** Of the body; an upstream that never ends its answer is left. */
async function beginningOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > LARGEST_ANSWER) break;
  }
  return text.slice(0, LARGEST_ANSWER);
}

export function baseType(mediaType: string): string {
  return mediaType.split(';')[0]?.trim().toLowerCase() ?? '';
}

function textOf(provider: string, answer: string): string {
  try {
    const { text } = JSON.parse(answer) as { text?: unknown };
    if (typeof text === 'string') return text.trim();
  } catch (cause) {
    throw modelError(provider, 'protocol', cause);
  }
  throw new ModelError('protocol', `${provider} answered without a text.`);
}
