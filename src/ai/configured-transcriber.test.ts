import { expect, test } from 'vitest';
import { configuredTranscriber, type TranscriptionSettings } from './configured-transcriber.ts';
import { fakeUpstream, sendJson } from './http/fake-upstream.ts';

const NOTHING: TranscriptionSettings = {
  transcriptionModel: null,
  transcriptionBaseUrl: null,
  transcriptionApiKey: null,
  openaiApiKey: null,
  openaiBaseUrl: null,
};

test('speech is written down where a model is set for it', () => {
  expect(configuredTranscriber(NOTHING)).toBeNull();
  expect(configuredTranscriber({ ...NOTHING, transcriptionModel: 'whisper' })?.id).toBe('transcription/whisper');
});

test('a key goes to the server that it was given for, and to no other', async () => {
  await using own = await fakeUpstream((response) => sendJson(response, 200, { text: 'a' }));
  await using other = await fakeUpstream((response) => sendJson(response, 200, { text: 'b' }));
  const openai = { ...NOTHING, transcriptionModel: 'm', openaiApiKey: 'k', openaiBaseUrl: `${own.origin}/v1` };
  const spoken = { bytes: new Uint8Array([1]), mediaType: 'audio/unheard-of' };
  for (const settings of [
    openai,
    { ...openai, transcriptionBaseUrl: `${other.origin}/v1` },
    { ...openai, transcriptionBaseUrl: `${other.origin}/v1`, transcriptionApiKey: 'its own' },
  ]) {
    await configuredTranscriber(settings)?.transcribe(spoken, new AbortController().signal);
  }
  expect(own.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer k']);
  expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer its own']);
  expect(own.requests[0]?.body).toContain('filename="recording.webm"');
});
