/** A guard that is taken out of a copy of the source, and the test that must fail without it. */
export type Mutation = {
  name: string;
  file: string;
  /** There is exactly one such place. */
  find: string;
  replace: string;
  test: { file: string; name: string };
};

const MATRIX = 'test/leak-matrix.test.ts';

/** `scripts/mutate-guards.ts` tries them; a test holds that each still names a place in the source. */
export const mutations: readonly Mutation[] = [
  {
    name: 'role',
    file: 'src/app/server.ts',
    find: '    requireRole(principal, access);\n',
    replace: '',
    test: { file: MATRIX, name: 'has 0 leaks: everybody' },
  },
  {
    name: 'owner-of-a-session',
    file: 'src/features/chat/chat.policy.ts',
    find: 'if (session.user_id !== principal.userId) throw chatErrors.sessionForbidden();',
    replace: '',
    test: { file: MATRIX, name: 'inside of the dialects' },
  },
  {
    name: 'tenant-wall',
    file: 'src/platform/database/database.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of source
    find: 'SET LOCAL ROLE ${identifier(schema)}; ',
    replace: '',
    test: { file: 'test/tenant-walls.test.ts', name: 'are around every table' },
  },
  {
    name: 'budget',
    file: 'src/features/usage/ledger/ledger.store.ts',
    find: 'FROM fresh f WHERE f.place NOT IN (SELECT place FROM refused)',
    replace: 'FROM fresh f',
    test: { file: 'src/features/usage/ledger/overspend.test.ts', name: '' },
  },
  {
    name: 'rate-limit',
    file: 'src/app/rate-limits.ts',
    find: '    tell(reply, verdict);\n    if (!verdict.allowed) throw refusal(verdict, per);\n',
    replace: '    tell(reply, verdict);\n',
    test: { file: 'src/app/rate-limits.test.ts', name: 'an address has 200 requests a minute' },
  },
  {
    name: 'private-address',
    file: 'src/platform/http/guarded-fetch.ts',
    find: 'const refused = !allowed.hasName(hostname) && addresses.some(({ address }) => !mayCall(address));',
    replace: 'const refused = false;',
    test: {
      file: 'src/platform/http/guarded-fetch.test.ts',
      name: 'is refused at the next connection once it leads inside',
    },
  },
  {
    name: 'reused-refresh-token',
    file: 'src/features/identity/token/login.service.ts',
    find: "if (await store.revokeTokenFamily(trx, family.id, { at, reason: 'reuse' })) {",
    replace: 'if (at === null) {',
    test: {
      file: 'src/features/identity/token/login.service.test.ts',
      name: 'end altogether when a spent token comes again',
    },
  },
  {
    name: 'scope-of-a-key',
    file: 'src/features/identity/identity.policy.ts',
    find: "if (powers.scopes !== null && !powers.scopes.includes(scope)) return { lacks: 'scope', scope };",
    replace: '',
    test: { file: MATRIX, name: 'has 0 leaks: everybody' },
  },
  {
    name: 'forms-where-none-are-taken',
    file: 'src/app/server.ts',
    find: '  refuseForms(app);\n',
    replace: '',
    test: { file: 'src/app/attacks.test.ts', name: 'is read by no route that takes JSON' },
  },
  {
    name: 'what-a-form-says',
    file: 'src/platform/http/form/receive-form.ts',
    find: 'request.once(() => work(replay(spool, kept)), digestOf(kept))',
    replace: 'request.once(() => work(replay(spool, kept)))',
    test: { file: 'src/app/idempotency.test.ts', name: 'another file is refused' },
  },
  {
    name: 'jobs-of-a-suspended-tenant',
    file: 'src/app/suspended-work.ts',
    find: "for (const stop of underWay.get(tenantId) ?? []) stop.abort(new Error('The tenant is suspended.'));",
    replace: '',
    test: { file: 'test/acceptance/suspended-tenant.test.ts', name: 'is answered and worked for no more' },
  },
  {
    name: 'a-server-that-lets-nobody-in',
    file: 'src/platform/database/connection-gate.ts',
    find: 'if (this.#error !== null && (this.#waiting !== null || this.#trying)) {',
    replace: 'if (this.#error !== null && this.#refused < 0) {',
    test: { file: 'src/platform/database/connection-gate.test.ts', name: 'is tried at growing distances' },
  },
  {
    name: 'a-folder-that-has-nothing-any-more',
    file: 'src/features/documents/folder/ingest-folder.ts',
    find: 'const kept = files.length === 0 && !allowEmpty ? known.size : 0;',
    replace: 'const kept = allowEmpty ? 0 : 0;',
    test: { file: 'src/features/documents/folder/ingest-folder.test.ts', name: 'as where its disk is not mounted' },
  },
  {
    name: 'a-conversation-in-cold-storage',
    file: 'src/features/memory/forgetting/cold-memories.ts',
    find: "if (kind === 'conversation') return ids.some((id) => isOfConversation(memory, id));",
    replace: '',
    test: { file: 'test/forgetting.test.ts', name: 'is what cold storage has of it' },
  },
];

/** The source without its guard. @throws Error where the guard is not where it is said to be */
export function mutated(source: string, { find, replace }: Pick<Mutation, 'find' | 'replace'>): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`There are ${places} places in the source, and not one, that read: ${find}`);
  return source.replace(find, () => replace);
}
