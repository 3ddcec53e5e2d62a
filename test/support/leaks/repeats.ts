import { requestExamples } from '../../../src/app/api-examples.ts';
import type { RouteEntry } from '../../../src/platform/http/access.ts';
import { newId } from '../../../src/platform/id.ts';
import { nameOf } from './matrix.ts';
import { BODIES, classOf, type Filled, REFERENCES } from './ownership.ts';
import { type JsonSchema, jsonBody, sampleOf } from './sample.ts';
import type { Actor, World } from './world.ts';

/** Answered with 201, and yet nothing that a repeat would make twice; each with the reason. */
const MAKES_NOTHING: Readonly<Record<string, string>> = {
  'POST /v1/chatkit/sessions/:id/threads': 'the thread is the session',
  'POST /v1/documents/:id/retry': 'a document that waits already stays as it is',
};

/**
 * Sends each request that creates something twice with one `Idempotency-Key`, and says what did not keep the promise: the
 * second answer is the first one's, and says so. @returns `tried`, the routes that were served, and faults
 */
export async function tryRepeats(world: World): Promise<{ tried: string[]; faults: string[] }> {
  const tried: string[] = [];
  const faults: string[] = [];
  for (const route of world.app.routeTable.filter(creates)) {
    const fault = await faultOf(world, route);
    if (fault === null) tried.push(nameOf(route));
    else faults.push(`${nameOf(route)} ${fault}`);
  }
  return { tried, faults };
}

function creates(route: RouteEntry): boolean {
  const { response = {} } = route.schema as { response?: object };
  return route.method === 'POST' && '201' in response && route.access !== 'public' && !(nameOf(route) in MAKES_NOTHING);
}

async function faultOf(world: World, route: RouteEntry): Promise<string | null> {
  const params = (await classOf(route.url)?.make(world)) ?? {};
  const url = route.url.replace(/:(\w+)/g, (_, param: string) => encodeURIComponent(params[param] ?? 'x'));
  const headers = { ...world.headers[actorFor(route)], 'idempotency-key': newId() };
  const payload = await bodyOf(world, route);
  const send = () => world.app.inject({ method: 'POST', url, headers, payload });
  const [first, second] = [await send(), await send()];
  if (first.statusCode !== 201) return `answered ${first.statusCode} ${first.body.slice(0, 200)}`;
  const isSame = second.statusCode === 201 && second.body === first.body;
  if (isSame && second.headers['idempotency-replayed'] === 'true') return null;
  return `was done again: ${second.statusCode} ${second.body.slice(0, 200)}`;
}

function actorFor({ access, url }: RouteEntry): Actor {
  if (access === 'operator') return 'operator';
  const isMakers = access === 'member' || classOf(url)?.whose === 'user';
  return isMakers ? 'maker' : 'owner';
}

/** Routes whose body has to name something that is there. */
const NAMES_SOMETHING: Readonly<Record<string, string>> = { 'POST /v1/analyses': 'body.repository_id' };

async function bodyOf(world: World, route: RouteEntry): Promise<object> {
  const name = nameOf(route);
  const place = NAMES_SOMETHING[name];
  if (place !== undefined) return (await (REFERENCES[`${name} ${place}`] as Filled).fill(world)).body ?? {};
  const schema = jsonBody(route.schema.body) as JsonSchema | null;
  return (BODIES[name] ?? requestExamples[name] ?? (schema ? sampleOf(schema) : {})) as object;
}
