import type { ScratchCheck } from '../check.ts';
import { judge, sample } from '../finding.ts';
import { newTenant, type ScratchClient } from '../scratch/scratch-client.ts';
import { saying } from '../scratch/stand-in-provider.ts';

const MARK = 'the owl of the readiness drill';

export const neighbourTenant: ScratchCheck = {
  id: 'neighbour-tenant',
  kind: 'drill',
  category: 'security',
  weight: 'blocker',
  title: 'A user of another tenant reads, changes and finds nothing of it, and is not told that it is there',
  items: ['S1-8', 'S1-143', 'S1-144', 'S3-7', 'S2-89'],
  expected: '404 for each thing of the neighbour by GET, PATCH and DELETE; nothing of it in lists and searches',
  remedy: 'take the installation off the net, and report it as SECURITY.md says',
  validDays: 30,
  run: async (workshop, signal) => {
    const { server, provider } = await workshop.common();
    provider.answer = saying(MARK);
    const [owner, neighbour] = [
      await newTenant(server.url, 'owner', signal),
      await newTenant(server.url, 'neighbour', signal),
    ];
    const paths = await things(owner);
    const attempts = [
      ...(await readings(owner, paths)),
      ...(await takings(neighbour, paths)),
      ...(await searches(neighbour)),
      ...(await readings(owner, paths)),
    ];
    const faults = attempts.flatMap(({ fault }) => fault ?? []);
    return judge(faults, `${paths.length} kinds of thing, ${attempts.length} attempts, none got through`, [
      sample('attempts', attempts.map(({ what, status }) => `${what} ${status}`).join('\n')),
    ]);
  },
};

type Attempt = { what: string; status: number; fault: string | null };

/** Without it a refusal of the neighbour would show nothing, and after it nothing may have changed. */
async function readings(owner: ScratchClient, paths: readonly string[]): Promise<Attempt[]> {
  const read = paths.map(async (path) => {
    const { status } = await owner.ask(path);
    const fault = status === 200 ? null : `its owner reads ${kindOf(path)} with ${status}`;
    return { what: `owner GET ${path}`, status, fault };
  });
  return Promise.all(read);
}

async function takings(neighbour: ScratchClient, paths: readonly string[]): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const path of paths) {
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' && { body: { title: 'taken' } };
      const { status, text } = await neighbour.ask(path, { method, ...body });
      // A method that there is not at this address is refused before anybody is asked whose it is.
      const isRefused = (status === 404 || status === 405) && !text.includes(MARK);
      const fault = isRefused ? null : `${method} of ${kindOf(path)} by a neighbour answers ${status}`;
      attempts.push({ what: `${method} ${path}`, status, fault });
    }
  }
  return attempts;
}

async function searches(neighbour: ScratchClient): Promise<Attempt[]> {
  const paths = ['/v1/sessions', '/v1/documents', '/v1/messages', `/v1/search?q=${encodeURIComponent(MARK)}`];
  const tried = paths.map(async (path) => {
    const { status, text } = await neighbour.ask(path);
    return {
      what: path,
      status,
      fault: status === 200 && text.includes(MARK) ? `${path} lists what is another's` : null,
    };
  });
  return Promise.all(tried);
}

async function things(owner: ScratchClient): Promise<readonly string[]> {
  const session = (await owner.post<{ id: string }>('/v1/sessions', { title: MARK })).id;
  const run = await owner.begin(session, MARK);
  for await (const _ of owner.follow(run));
  const document = await owner.post<{ id: string }>('/v1/documents', { title: MARK, content: MARK });
  return [
    `/v1/sessions/${session}`,
    `/v1/sessions/${session}/messages`,
    `/v1/runs/${run}`,
    `/v1/documents/${document.id}`,
  ];
}

function kindOf(path: string): string {
  return path.replace(/[0-9a-f-]{36}/, '…');
}
