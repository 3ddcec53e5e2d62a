export type Credential = { email: string; password: string };

export async function isReady(address: string): Promise<boolean> {
  return (await fetch(`${address}/ready`)).status === 200;
}

/** Logs in and asks about the documents that every installation ships: whether the answer cites one. */
export async function askAbout(address: string, credential: Credential): Promise<boolean> {
  const { access_token: token } = (await send(address, '/v1/auth/login', credential)) as { access_token: string };
  const { id } = (await send(address, '/v1/sessions', {}, token)) as { id: string };
  const response = await fetch(`${address}/v1/sessions/${id}/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` },
    body: JSON.stringify({ input: 'What is Parley?' }),
  });
  const events = await response.text();
  return events.includes('run-end') && /"type":"citation/.test(events);
}

/** @throws Error unless it is done */
async function send(address: string, path: string, body: object, token?: string): Promise<unknown> {
  const response = await fetch(address + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
