import { describe, expect, it } from 'vitest';
import { batchedEmbedder } from '../batched-embedder.ts';
import { type Answer, fakeUpstream, sendJson } from '../http/fake-upstream.ts';
import { openAiCompatibleEmbedder } from './embedder.ts';

const { signal } = new AbortController();

function embedderAt(origin: string) {
  return openAiCompatibleEmbedder({ provider: 'openai', model: 'e', baseUrl: `${origin}/v1`, apiKey: 'key' });
}

async function embed(answer: Answer, texts: readonly string[]) {
  await using upstream = await fakeUpstream(answer);
  return await embedderAt(upstream.origin).embed(texts, signal);
}

const base64 = (vector: readonly number[]) => Buffer.from(Float32Array.from(vector).buffer).toString('base64');

/** Vectors that tell which text they belong to: its length. */
const lengths: Answer = (response, { body }) =>
  sendJson(response, 200, {
    data: body.input.map((text: string, index: number) => ({ index, embedding: [text.length, 1] })),
    usage: { prompt_tokens: body.input.length },
  });

describe('openAiCompatibleEmbedder', () => {
  it('asks for what it needs and tells what it cost', async () => {
    await using upstream = await fakeUpstream(lengths);
    const spent: number[] = [];
    const embedder = embedderAt(upstream.origin);
    expect(embedder.id).toBe('openai/e');
    expect(await embedder.embed(['a', 'bcd'], signal, (tokens) => spent.push(tokens))).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect(spent).toEqual([2]);
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/embeddings',
      headers: { authorization: 'Bearer key' },
      body: { model: 'e', input: ['a', 'bcd'], encoding_format: 'base64' },
    });
  });

  it('puts answers in the order of the texts, in either encoding', async () => {
    const vectors = await embed(
      (response) =>
        sendJson(response, 200, {
          data: [
            { index: 1, embedding: base64([0.5, -2]) },
            { index: 0, embedding: [0.25, 1] },
          ],
        }),
      ['first', 'second'],
    );
    expect(vectors).toEqual([
      [0.25, 1],
      [0.5, -2],
    ]);
  });

  it('asks for decimals where base64 is not known, and remembers it', async () => {
    await using upstream = await fakeUpstream((response, seen, call) =>
      seen.body.encoding_format
        ? sendJson(response, 400, { error: { message: 'encoding_format is not supported' } })
        : lengths(response, seen, call),
    );
    const embedder = embedderAt(upstream.origin);
    await embedder.embed(['a'], signal);
    await embedder.embed(['b'], signal);
    expect(upstream.requests.map(({ body }) => body.encoding_format)).toEqual(['base64', undefined, undefined]);
  });

  it('takes vectors without an index in their order', async () => {
    const data = [{ embedding: [1, 2] }, { embedding: [3, 4] }];
    expect(await embed((response) => sendJson(response, 200, { data }), ['a', 'b'])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it.each([
    [{ total_tokens: 7 }, [7]],
    [{ prompt_tokens: -1 }, []],
    [{ prompt_tokens: 'many' }, []],
    [{}, []],
    [null, []],
  ])('tells what it cost by the usage %j: %j', async (usage, expected) => {
    await using upstream = await fakeUpstream((response) =>
      sendJson(response, 200, { data: [{ index: 0, embedding: [1] }], usage }),
    );
    const spent: number[] = [];
    await embedderAt(upstream.origin).embed(['a'], signal, (tokens) => spent.push(tokens));
    expect(spent).toEqual(expected);
  });

  it('asks once more at the most', async () => {
    await using upstream = await fakeUpstream((response) => sendJson(response, 422, { error: 'base64!' }));
    await expect(embedderAt(upstream.origin).embed(['a'], signal)).rejects.toMatchObject({ kind: 'bad-request' });
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    ['no vector', { data: [] }],
    ['more vectors', { data: [1, 2, 3].map((value, index) => ({ index, embedding: [value] })) }],
    ['fewer vectors', { data: [{ index: 0, embedding: [1] }] }],
    [
      'the same one twice',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 0, embedding: [1] },
        ],
      },
    ],
    [
      'an index that is none',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 7, embedding: [1] },
        ],
      },
    ],
    [
      'an empty vector',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: [] },
        ],
      },
    ],
    [
      'only zeros',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: [0] },
        ],
      },
    ],
    [
      'no numbers',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: [null] },
        ],
      },
    ],
    [
      'cut base64',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: 'AAA' },
        ],
      },
    ],
    [
      'different lengths',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: [1, 2] },
        ],
      },
    ],
    ['null', null],
    ['another shape', { vectors: [[1], [2]] }],
  ])('makes nothing up from %s', async (_, body) => {
    await expect(embed((response) => sendJson(response, 200, body), ['a', 'b'])).rejects.toMatchObject({
      kind: 'protocol',
    });
  });

  it('reads nothing out of what is no JSON', async () => {
    const oops: Answer = (response) => void response.end('oops');
    await expect(embed(oops, ['a'])).rejects.toMatchObject({ kind: 'protocol' });
  });

  it('refuses vectors whose length changes from call to call', async () => {
    await using upstream = await fakeUpstream((response, _, call) =>
      sendJson(response, 200, { data: [{ index: 0, embedding: call === 0 ? [1, 2] : [1, 2, 3] }] }),
    );
    const embedder = embedderAt(upstream.origin);
    await embedder.embed(['a'], signal);
    await expect(embedder.embed(['a'], signal)).rejects.toMatchObject({ kind: 'protocol' });
  });

  it.each([
    [429, 'rate-limited'],
    [401, 'unauthorized'],
    [500, 'unavailable'],
  ])('tells status %i as %s', async (status, kind) => {
    await expect(embed((response) => sendJson(response, status, {}), ['a'])).rejects.toMatchObject({ kind });
  });

  it('asks nothing for no texts, and refuses an empty one', async () => {
    const unasked: Answer = () => expect.unreachable();
    expect(await embed(unasked, [])).toEqual([]);
    await expect(embed(unasked, ['a', ''])).rejects.toMatchObject({ kind: 'bad-request' });
  });

  it('ends with an abort', async () => {
    const stop = new AbortController();
    await using upstream = await fakeUpstream(() => stop.abort(new Error('enough')));
    await expect(embedderAt(upstream.origin).embed(['a'], stop.signal)).rejects.toThrow('enough');
  });
});

describe('batchedEmbedder', () => {
  it('splits by number and by length, keeps the order, and tells the cost of each request', async () => {
    await using upstream = await fakeUpstream(lengths);
    const spent: number[] = [];
    const embedder = batchedEmbedder(embedderAt(upstream.origin), { texts: 3, characters: 10 });
    const texts = ['1', '22', '333', '4444', '55555', 'x'.repeat(20), '7'];
    const vectors = await embedder.embed(texts, signal, (tokens) => spent.push(tokens));
    expect(vectors.map(([length]) => length)).toEqual(texts.map(({ length }) => length));
    expect(upstream.requests.map(({ body }) => body.input)).toEqual([
      ['1', '22', '333'],
      ['4444', '55555'],
      ['x'.repeat(20)],
      ['7'],
    ]);
    expect(spent).toEqual([3, 2, 1, 1]);
  });

  it('tells the cost of what was answered before a failure', async () => {
    await using upstream = await fakeUpstream((response, seen, call) =>
      call === 0 ? lengths(response, seen, call) : sendJson(response, 500, {}),
    );
    const spent: number[] = [];
    const embedder = batchedEmbedder(embedderAt(upstream.origin), { texts: 1, characters: 10 });
    await expect(embedder.embed(['a', 'b'], signal, (tokens) => spent.push(tokens))).rejects.toThrow();
    expect(spent).toEqual([1]);
  });
});
