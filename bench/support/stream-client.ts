import http from 'node:http';

/** One turn over HTTP: how long until its first text, ms, and how many tokens of the upstream came as text. */
export type Turn = { firstText: number; tokens: number };

const agent = new http.Agent({ keepAlive: true, maxSockets: 1000, maxFreeSockets: 1000 });

/** Posts, reads the stream to its end, counting the upstream's tokens, however many come in one `text-delta`. */
export function streamTurn(url: string, headers: Record<string, string>, body: unknown): Promise<Turn> {
  const began = performance.now();
  const turn: Turn = { firstText: Number.NaN, tokens: 0 };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } };
    const request = http.request(url, options, (response) => {
      let rest = '';
      response.setEncoding('latin1');
      response.on('data', (piece: string) => {
        const text = rest + piece;
        const end = text.lastIndexOf('\n\n') + 2;
        rest = end === 1 ? text : text.slice(end);
        if (end > 1) countTokens(text.slice(0, end), turn, began);
      });
      response.on('end', () =>
        response.statusCode === 200 ? resolve(turn) : reject(new Error(`${response.statusCode} ${rest}`)),
      );
      response.on('error', reject);
    });
    request.on('error', (error) => reject(new Error(`${url}: ${error.message}`, { cause: error })));
    request.end(JSON.stringify(body));
  });
}

/** Each token of the upstream is a word with its number. They are counted in deltas only: the last event has them all again. */
function countTokens(frames: string, turn: Turn, began: number): void {
  for (const frame of frames.split('\n\n')) {
    if (!frame.includes('"text-delta"')) continue;
    if (turn.tokens === 0) turn.firstText = performance.now() - began;
    turn.tokens += frame.split(' word').length - 1;
  }
}

/** The value below which `share` of the values are. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
