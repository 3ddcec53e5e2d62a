import { type LookupAddress, lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, fetch as undiciFetch } from 'undici';
import { hostAllowList, isPublicAddress } from './public-address.ts';

/** An address that a user gave is not called: it is no http address, or it leads to where it must not. The message is safe
 * to show; it names the host, never what it resolves to. */
export class ForbiddenAddressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ForbiddenAddressError';
  }
}

/** An answer is larger than the caller takes. */
export class AnswerTooLargeError extends Error {
  constructor(limit: number) {
    super(`The answer is larger than ${limit} bytes.`);
    this.name = 'AnswerTooLargeError';
  }
}

export type GuardedFetchOptions = {
  /** Names, `*.` names, addresses or networks that may be called although they are not public: for tests and intranets. */
  allowedHosts?: readonly string[];
  /** Longest time until the answer's head, and between two pieces of its body, ms. */
  timeout?: number;
  /** Longest time for all of it, redirects and body too, ms; null where the caller's signal alone ends it: streams. */
  totalTimeout?: number | null;
  /** Longest body that is read, bytes after decompression. */
  maxBytes?: number;
  /** Most redirects that are followed; 0: none, they are the answer. */
  maxRedirects?: number;
  /** Resolves names; for tests. */
  lookup?: typeof resolve;
};

export type GuardedFetch = {
  /** As the global `fetch`, for addresses that users give. @throws ForbiddenAddressError, AnswerTooLargeError, TypeError */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
};

const TIMEOUT_MS = 15_000;
const TOTAL_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_REDIRECTS = 5;

/**
 * A `fetch` for addresses that users give: it reaches the public internet, and of other networks only what is allowed. The
 * name is resolved once, for the connection, and the connection goes to what was checked: a name that changes between the
 * check and the call (DNS rebinding) has nothing to change. A redirect is a new connection, checked like the first.
 */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const { timeout = TIMEOUT_MS, totalTimeout = TOTAL_TIMEOUT_MS } = options;
  const { maxBytes = MAX_BYTES, maxRedirects = MAX_REDIRECTS } = options;
  const agent = new Agent({
    connect: guardedConnector(options),
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxResponseSize: -1,
  });

  const follow = async (url: URL, init: RequestInit, left: number): Promise<Response> => {
    assertHttp(url);
    const response = await send(agent, url, init);
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (location === null || maxRedirects === 0) return limited(response, url, maxBytes);
    await response.body?.cancel();
    if (left === 0) throw new TypeError(`${url.host} redirects more than ${maxRedirects} times.`);
    const target = nextUrl(location, url);
    return follow(target, nextRequest(init, response.status, target.origin === url.origin), left - 1);
  };

  return {
    fetch: async (input, init = {}) => follow(new URL(input), bounded(init, totalTimeout), maxRedirects),
    close: () => agent.close(),
  };
}

function bounded(init: RequestInit, totalTimeout: number | null): RequestInit {
  if (totalTimeout === null) return init;
  const late = AbortSignal.timeout(totalTimeout);
  return { ...init, signal: init.signal ? AbortSignal.any([init.signal, late]) : late };
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function guardedConnector({ allowedHosts = [], lookup = resolve }: GuardedFetchOptions): buildConnector.connector {
  const allowed = hostAllowList(allowedHosts);
  const mayCall = (address: string) => isPublicAddress(address) || allowed.hasAddress(address);

  // Node's sockets resolve names by this function and connect to what it gives, so nothing can come in between.
  const checkedLookup: LookupFunction = (hostname, wanted, callback) => {
    lookup(hostname, { ...wanted, all: true }, (error, found) => {
      const addresses = (found ?? []) as LookupAddress[];
      if (error) return callback(error, '');
      const refused = !allowed.hasName(hostname) && addresses.some(({ address }) => !mayCall(address));
      const [first] = addresses;
      if (refused || !first) return callback(forbidden(hostname), '');
      if (wanted.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };

  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: checkedLookup });
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // An address needs no resolving, so Node does not call the function above for it.
    if (isIP(host) !== 0 && !mayCall(host)) return callback(forbidden(host), null);
    return connect(target, callback);
  };
}

function forbidden(host: string): ForbiddenAddressError {
  return new ForbiddenAddressError(`${host} is not an address of the public internet, so it is not called.`);
}

function assertHttp(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ForbiddenAddressError('Only addresses that begin with http:// or https:// are called.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new ForbiddenAddressError('An address must not hold a user name or password; send them as a header.');
  }
}

async function send(agent: Agent, url: URL, init: RequestInit): Promise<Response> {
  try {
    // The types of the package and of the platform name the same things differently.
    const request = { ...init, redirect: 'manual', dispatcher: agent } as unknown as Parameters<typeof undiciFetch>[1];
    return (await undiciFetch(url.href, request)) as unknown as Response;
  } catch (error) {
    const { cause } = error as Error;
    throw cause instanceof ForbiddenAddressError ? cause : error;
  }
}

function nextUrl(location: string, base: URL): URL {
  if (!URL.canParse(location, base.href)) throw new TypeError(`${base.host} redirects to what is no address.`);
  return new URL(location, base);
}

/** What the next host may be sent: credentials stay with the host that they were given for. */
const HARMLESS = new Set(['accept', 'accept-language', 'content-type', 'user-agent']);

function nextRequest(init: RequestInit, status: number, sameOrigin: boolean): RequestInit {
  const { body, method = 'GET', headers, ...rest } = init;
  const kept = new Headers(headers);
  for (const name of [...kept.keys()]) if (!sameOrigin && !HARMLESS.has(name)) kept.delete(name);
  // As browsers do (https://fetch.spec.whatwg.org/#http-redirect-fetch): a 303 asks for a GET, and so, in fact, does a POST.
  const becomesGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
  if (becomesGet) {
    kept.delete('content-type');
    return { ...rest, method: 'GET', headers: kept };
  }
  return { ...rest, method, headers: kept, ...(body !== undefined && { body }) };
}

const WITHOUT_BODY = new Set([204, 205, 304]);

/** The same answer, whose body fails when it is longer than allowed. What is counted is what was unpacked, so a small bomb of
 * compressed zeros ends there, too. */
function limited(response: Response, url: URL, limit: number): Response {
  const { status, statusText, headers, body } = response;
  let length = 0;
  const counted = body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece, controller) => {
        length += piece.byteLength;
        if (length > limit) controller.error(new AnswerTooLargeError(limit));
        else controller.enqueue(piece);
      },
    }),
  );
  const plain = new Headers(headers as unknown as Headers);
  // They speak of the packed body; this one is unpacked.
  plain.delete('content-encoding');
  plain.delete('content-length');
  const answer = new Response(WITHOUT_BODY.has(status) ? null : (counted ?? null), {
    status,
    statusText,
    headers: plain,
  });
  Object.defineProperty(answer, 'url', { value: url.href });
  return answer;
}
