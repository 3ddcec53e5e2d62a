import { describe, expect, test } from 'vitest';
import { type Answer, fakeUpstream, sendJson } from './http/fake-upstream.ts';
import { openAiCompatibleTranscriber } from './transcriber.ts';

const spoken = { bytes: new Uint8Array([1, 2, 3]), mediaType: 'audio/ogg;codecs=opus' };

async function transcribed(answer: Answer, signal = new AbortController().signal) {
  await using upstream = await fakeUpstream(answer);
  const options = { provider: 'openai', baseUrl: `${upstream.origin}/v1`, apiKey: 'key', model: 'whisper' };
  const text = await openAiCompatibleTranscriber(options).transcribe(spoken, signal);
  return { text, requests: upstream.requests };
}

describe('speech', () => {
  test('is sent as a file whose name tells its format, and comes back as text', async () => {
    const { text, requests } = await transcribed((response) => sendJson(response, 200, { text: ' Water the fern. ' }));
    expect(text).toBe('Water the fern.');
    expect(requests[0]).toMatchObject({ path: '/v1/audio/transcriptions', headers: { authorization: 'Bearer key' } });
    expect(requests[0]?.body).toMatch(/filename="recording\.ogg"[\s\S]*audio\/ogg[\s\S]*name="model"[\s\S]*whisper/);
  });

  test.each<[string, string, Answer]>([
    ['a refusal', 'rate-limited', (response) => sendJson(response, 429, { error: 'org-42' })],
    ['no JSON', 'protocol', (response) => void response.end('oops')],
    ['no text', 'protocol', (response) => sendJson(response, 200, { words: 3 })],
    ['a redirect', 'unavailable', (response) => void response.writeHead(307, { location: '/elsewhere' }).end()],
    ['a reset', 'unavailable', (response) => void response.socket?.resetAndDestroy()],
    [
      'a reset in mid-answer',
      'unavailable',
      (response) => void response.writeHead(200).write('{"te', () => response.socket?.resetAndDestroy()),
    ],
    [
      'an answer that never ends',
      'protocol',
      (response) => {
        const more = () => response.write('x'.repeat(100_000), (error) => error || setImmediate(more));
        more();
      },
    ],
  ])('that is answered with %s is an error of the kind %s', async (_, kind, answer) => {
    const failed = transcribed(answer);
    await expect(failed).rejects.toMatchObject({ name: 'ModelError', kind });
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining('org-42') });
  });

  test('is not waited for when nobody wants it any more, also in mid-answer', async () => {
    const stop = new AbortController();
    const reason = new Error('The page was closed.');
    const begun: Answer = (response) => {
      response.writeHead(200).write('{"te', () => stop.abort(reason));
    };
    await expect(transcribed(begun, stop.signal)).rejects.toBe(reason);
  });
});
