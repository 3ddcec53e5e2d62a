import { type Answer, askAt, JSON_BODY, type Question } from '../target.ts';

export type StreamEvent = { type: string; seq: number; [field: string]: unknown };

/** A user of a scratch installation, by its HTTP API. */
export type ScratchClient = {
  readonly url: string;
  readonly token: string;
  /** Whatever the answer is. */
  ask(path: string, question?: Omit<Question, 'body'> & { body?: object }): Promise<Answer>;
  /** @throws Error unless the answer is a success */
  get<Content>(path: string): Promise<Content>;
  post<Content>(path: string, body: object): Promise<Content>;
  newSession(): Promise<string>;
  /** Asks a question without documents; resolves with the run's id as soon as it has begun. */
  begin(sessionId: string, input: string): Promise<string>;
  /** A run's events behind `after`, to its end or until the connection breaks. */
  follow(runId: string, after?: number): AsyncGenerator<StreamEvent>;
};

export async function scratchClient(
  url: string,
  signal: AbortSignal,
  credential: { email: string; password: string },
): Promise<ScratchClient> {
  const login = await askAt(url, signal)('/v1/auth/login', {
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify(credential),
  });
  const { access_token: token } = contentOf<{ access_token: string }>(login, 'POST /v1/auth/login');
  return clientWith(url, token, signal);
}

/** Registers somebody with a tenant of their own. */
export async function newTenant(url: string, name: string, signal: AbortSignal): Promise<ScratchClient> {
  const credential = { email: `${name}@readiness.example`, password: `of ${name} in this drill only` };
  const answer = await askAt(url, signal)('/v1/auth/register', {
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify(credential),
  });
  contentOf(answer, 'POST /v1/auth/register');
  return scratchClient(url, signal, credential);
}

export function clientWith(url: string, token: string, signal: AbortSignal): ScratchClient {
  const send = askAt(url, signal);
  const authorization = `Bearer ${token}`;
  const ask: ScratchClient['ask'] = (path, { method = 'GET', headers = {}, body } = {}) =>
    send(path, {
      method,
      headers: { authorization, ...(body && JSON_BODY), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  const post = async <Content>(path: string, body: object) =>
    contentOf<Content>(await ask(path, { method: 'POST', body }), `POST ${path}`);
  return {
    url,
    token,
    ask,
    get: async (path) => contentOf(await ask(path), `GET ${path}`),
    post,
    newSession: async () => (await post<{ id: string }>('/v1/sessions', {})).id,
    begin: async (sessionId, input) =>
      (await post<{ id: string }>(`/v1/sessions/${sessionId}/runs`, { input, retrieval: { mode: 'off' } })).id,
    follow: (runId, after = 0) => follow(`${url}/v1/runs/${runId}/events?after=${after}`, authorization, signal),
  };
}

async function* follow(address: string, authorization: string, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const headers = { authorization, accept: 'text/event-stream' };
  const response = await fetch(address, { headers, signal });
  if (!response.ok || !response.body) throw new Error(`the events of a run answered ${response.status}`);
  let rest = '';
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data:'));
      if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(5)).join('\n')) as StreamEvent;
    }
  }
}

function contentOf<Content>({ status, text }: Answer, what: string): Content {
  if (status < 200 || status > 299) throw new Error(`${what} answered ${status}: ${text.slice(0, 300)}`);
  return (text === '' ? undefined : JSON.parse(text)) as Content;
}

/** What was said in the events, in order; a part that was taken back does not count. */
export function saidIn(events: readonly StreamEvent[]): string {
  const reset = events.findLastIndex(({ type }) => type === 'text-reset');
  return events
    .slice(reset + 1)
    .map(({ type, delta }) => (type === 'text-delta' ? String(delta) : ''))
    .join('');
}

/** What is wrong with a run's events as a whole: gaps, repeats, no end. */
export function logFaults(events: readonly StreamEvent[], wanted: string): string[] {
  const faults: string[] = [];
  const wrong = events.findIndex(({ seq }, index) => seq !== index + 1);
  if (wrong !== -1) faults.push(`event ${wrong + 1} has seq ${events[wrong]?.seq}: events are missing or repeated`);
  const ends = events.filter(({ type }) => type === 'run-end');
  if (ends.length !== 1) faults.push(`the run has ${ends.length} ends`);
  else if (ends[0]?.status !== 'completed') faults.push(`the run ended as ${String(ends[0]?.status)}`);
  const said = saidIn(events);
  if (said !== wanted) faults.push(`the answer is "${said.slice(0, 80)}" instead of "${wanted.slice(0, 80)}"`);
  return faults;
}
