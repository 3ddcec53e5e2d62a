import { openAiCompatibleTranscriber, type Transcriber } from './transcriber.ts';

/** The settings of the same names, as app/config.ts reads them. */
export type TranscriptionSettings = {
  transcriptionModel: string | null;
  transcriptionBaseUrl: string | null;
  transcriptionApiKey: string | null;
  openaiApiKey: string | null;
  openaiBaseUrl: string | null;
};

const OPENAI_URL = 'https://api.openai.com/v1';

/** Null where no model is set. */
export function configuredTranscriber(settings: TranscriptionSettings): Transcriber | null {
  const { transcriptionModel: model, transcriptionApiKey, openaiApiKey } = settings;
  if (model === null) return null;
  const openai = settings.openaiBaseUrl ?? OPENAI_URL;
  const baseUrl = settings.transcriptionBaseUrl ?? openai;
  // A key goes to the server that it was given for, and to no other.
  const shared = new URL(baseUrl).origin === new URL(openai).origin ? openaiApiKey : null;
  return openAiCompatibleTranscriber({
    provider: 'transcription',
    baseUrl,
    apiKey: transcriptionApiKey ?? shared,
    model,
  });
}
