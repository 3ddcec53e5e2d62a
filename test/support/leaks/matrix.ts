import { requestExamples } from '../../../src/app/api-examples.ts';
import type { Access, RouteEntry } from '../../../src/platform/http/access.ts';
import {
  BODIES,
  classOf,
  type Filled,
  MISSES_WITHIN,
  NOT_BY_KEY,
  REFERENCES,
  UNCONFIRMED,
  type Whose,
  WRONG_PROOF,
} from './ownership.ts';
import { type JsonSchema, jsonBody, sampleOf } from './sample.ts';
import { ACTORS, type Actor, MARKS, type World } from './world.ts';

/** What an actor must get: a status, or anything but a refusal. */
type Expected = 401 | 403 | 404 | 'served';

export type MatrixReport = {
  /** Requests that were made. */
  cells: number;
  /** Each request that got other than it must, in words; empty when nothing leaks. */
  leaks: string[];
};

/** Routes that each actor is tried at: all, or those that a filter names. */
export async function tryMatrix(
  world: World,
  filter: (route: RouteEntry) => boolean = () => true,
): Promise<MatrixReport> {
  const report: MatrixReport = { cells: 0, leaks: [] };
  for (const route of world.app.routeTable.filter(filter)) {
    await tryRoute(world, route, report);
    for (const [place, reference] of referencesOf(route)) await tryReference(world, route, place, reference, report);
  }
  return report;
}

/** Routes and places that nobody has classified, each with what to do. */
export function unclassified(routes: readonly RouteEntry[]): string[] {
  return routes
    .filter(({ access }) => access !== 'public')
    .flatMap((route) => {
      const name = nameOf(route);
      const faults: string[] = [];
      if (/[:*]/.test(route.url) && !classOf(route.url)) {
        faults.push(
          `${name} has a parameter and no class: say in test/support/leaks/ownership.ts, OWNERSHIP, whose it is`,
        );
      }
      for (const place of idPlaces(route)) {
        if (!REFERENCES[`${name} ${place}`]) {
          faults.push(
            `${name} takes an id in ${place}: say in test/support/leaks/ownership.ts, REFERENCES, whose that is`,
          );
        }
      }
      return faults;
    });
}

async function tryRoute(world: World, route: RouteEntry, report: MatrixReport): Promise<void> {
  const owned = classOf(route.url);
  let shared: Record<string, string> | null = null;
  for (const actor of route.access === 'public' ? (['nobody'] as const) : ACTORS) {
    const expected = expectedOf(route, actor, owned?.whose ?? null);
    // What is served may be gone after it.
    const spoils = expected === 'served' && !isReading(route.method);
    const params: Record<string, string> = spoils || !shared ? ((await owned?.make(world)) ?? {}) : shared;
    if (!spoils) shared = params;
    await tryCell(world, route, actor, expected, { params, body: bodyOf(route) }, nameOf(route), report);
  }
}

async function tryReference(
  world: World,
  route: RouteEntry,
  place: string,
  reference: Filled,
  report: MatrixReport,
): Promise<void> {
  const owned = classOf(route.url);
  for (const actor of IN_REFERENCES) {
    const ofAddress = expectedOf(route, actor, owned?.whose ?? null);
    const expected = ofAddress === 'served' ? expectedOfReference(actor, reference.whose) : ofAddress;
    const params = (await owned?.make(world)) ?? {};
    const { body, query } = await reference.fill(world);
    const request = { params, body: body ?? bodyOf(route), query: query ?? {} };
    await tryCell(world, route, actor, expected, request, `${nameOf(route)} with ${place}`, report);
  }
}

/** The address itself is tried with all of them. */
const IN_REFERENCES = ['maker', 'other-member', 'admin', 'stranger'] as const satisfies readonly Actor[];

type Cell = { params: Record<string, string>; body: unknown; query?: Record<string, string> };

async function tryCell(
  world: World,
  route: RouteEntry,
  actor: Actor,
  expected: Expected,
  { params, body, query }: Cell,
  name: string,
  report: MatrixReport,
): Promise<void> {
  report.cells += 1;
  const url = route.url.replace(/:(\w+)|\*/g, (part, param) => encodeURIComponent(params[param ?? part] ?? 'x'));
  const response = await world.app.inject({
    method: route.method as 'GET',
    url: url.replaceAll('%2F', '/'),
    query: { ...(sampleQuery(route) as Record<string, string>), ...query },
    headers: world.headers[actor],
    ...(body !== null && body !== undefined && !isReading(route.method) ? { payload: body as object } : {}),
  });
  const { statusCode } = response;
  const told = `${name} by ${actor}: ${statusCode} ${response.body.slice(0, 200)}`;
  if (!meets(statusCode, expected, route)) report.leaks.push(`${told}, expected ${expected}`);
  for (const mark of marksHiddenFrom(actor, route.access)) {
    if (response.body.toLowerCase().includes(mark)) report.leaks.push(`${told}, which tells "${mark}"`);
  }
}

function meets(status: number, expected: Expected, route: RouteEntry): boolean {
  const { access, url } = route;
  if (status >= 500 && !ALWAYS_UNAVAILABLE.has(url)) return false;
  if (access === 'public') return true;
  if (expected !== 'served') return status === expected;
  if (UNCONFIRMED.has(nameOf(route))) return status === 422;
  // 404 where no thing of anybody's is named, such as an embedding model that is not configured, hides nothing.
  const hidden =
    status === 404 &&
    classOf(url) !== undefined &&
    classOf(url)?.whose !== 'nobody' &&
    !MISSES_WITHIN.has(nameOf(route));
  if (status === 422 && WRONG_PROOF.has(nameOf(route))) return true;
  return ![401, 403, 422].includes(status) && !hidden;
}

/** Answer 503, or 502, where their means are missing in a test. */
const ALWAYS_UNAVAILABLE = new Set(['/ready', '/health', '/health/ready', '/v1/mcp-servers/:id/tools']);

const WITHOUT_CREDENTIAL: ReadonlySet<Actor> = new Set(['nobody', 'expired', 'refresh-token', 'garbage']);
const OUTSIDE: ReadonlySet<Actor> = new Set(['stranger', 'operator']);
const RANK: Record<Exclude<Access, 'public' | 'operator'>, number> = { viewer: 0, member: 1, admin: 2, owner: 3 };
const ROLE: Record<Exclude<Actor, 'nobody' | 'expired' | 'refresh-token' | 'garbage' | 'visitor'>, number> = {
  'read-only-key': 0,
  viewer: 0,
  'other-member': 1,
  maker: 1,
  admin: 2,
  owner: 3,
  stranger: 3,
  operator: 3,
};

function expectedOf(route: RouteEntry, actor: Actor, whose: Whose | null): Expected {
  const { access, method } = route;
  if (access === 'public') return 'served';
  if (WITHOUT_CREDENTIAL.has(actor)) return 401;
  return actor === 'visitor'
    ? expectedOfVisitor(route, whose)
    : expectedOfUser({ ...route, access, method }, actor, whose);
}

function expectedOfUser(
  { access, method, url }: Pick<RouteEntry, 'method' | 'url'> & { access: Exclude<Access, 'public'> },
  actor: Actor,
  whose: Whose | null,
): Expected {
  const route = { method, url };
  if (!hasAccess(access, actor) || (actor === 'read-only-key' && NOT_BY_KEY.has(nameOf(route)))) return 403;
  if (whose === null || whose === 'nobody' || whose === 'installation') return 'served';
  if (OUTSIDE.has(actor)) return 404;
  if (whose === 'user') return actor === 'maker' ? 'served' : 403;
  if (whose === 'author' && !isReading(method)) return ['maker', 'admin', 'owner'].includes(actor) ? 'served' : 403;
  return 'served';
}

/** Nothing that has an address is a visitor's here. */
function expectedOfVisitor({ visitors }: RouteEntry, whose: Whose | null): Expected {
  return visitors && (whose === null || whose === 'nobody') ? 'served' : 403;
}

function hasAccess(access: Exclude<Access, 'public'>, actor: Actor): boolean {
  if (access === 'operator') return actor === 'operator';
  return ROLE[actor as keyof typeof ROLE] >= RANK[access];
}

function expectedOfReference(actor: Actor, whose: Filled['whose']): Expected {
  if (whose === 'nothing') return 'served';
  if (OUTSIDE.has(actor)) return 404;
  return whose === 'tenant' || actor === 'maker' ? 'served' : 403;
}

/** The words that an answer to somebody must not hold. */
function marksHiddenFrom(actor: Actor, access: Access): readonly string[] {
  if (access === 'public' || WITHOUT_CREDENTIAL.has(actor) || actor === 'stranger') return Object.values(MARKS);
  if (actor === 'visitor') return [MARKS.content, MARKS.secret];
  // An operator sees which tenants there are, and nothing of what is in them.
  if (actor === 'operator') return [MARKS.content, MARKS.secret];
  return actor === 'maker' ? [] : [MARKS.secret];
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

export function nameOf({ method, url }: Pick<RouteEntry, 'method' | 'url'>): string {
  return `${method} ${url}`;
}

function bodyOf(route: RouteEntry): unknown {
  const name = nameOf(route);
  const schema = jsonBody(route.schema.body);
  return BODIES[name] ?? requestExamples[name] ?? (schema ? sampleOf(schema) : null);
}

function sampleQuery(route: RouteEntry): unknown {
  const schema = route.schema.querystring as JsonSchema | undefined;
  return schema ? sampleOf({ ...schema, type: 'object' }) : {};
}

function referencesOf(route: RouteEntry): [string, Filled][] {
  return idPlaces(route).flatMap((place): [string, Filled][] => {
    const reference = REFERENCES[`${nameOf(route)} ${place}`];
    return reference && reference !== 'of-the-address' ? [[place, reference]] : [];
  });
}

/** Where a body or query has a field whose name says that it holds an id of something. */
function idPlaces({ schema, method }: RouteEntry): string[] {
  if (method === 'HEAD') return [];
  const body = jsonBody(schema.body);
  const query = schema.querystring as JsonSchema | undefined;
  return [...(body ? walk(body, 'body') : []), ...(query ? walk(query, 'query') : [])];
}

const NAMES_A_THING = /(?:^|_)ids?$|^conversation$/;

function walk(schema: JsonSchema, path: string): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const place = `${path}.${name}`;
    return [...(NAMES_A_THING.test(name) ? [place] : []), ...walk(property, place)];
  });
  const inner = [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const deeper = inner.flatMap((part) => (part && typeof part === 'object' ? walk(part, path) : []));
  return [...new Set([...own, ...deeper])];
}
