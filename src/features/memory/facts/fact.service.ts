import { factSentence, valueKey } from '../../../lib/memory/facts.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Database, TenantTransaction } from '../../../platform/database/database.ts';
import type { Principal } from '../../identity/index.ts';
import { type Forgetting, inTenant } from '../../tenancy/index.ts';
import { assertMayChangeFact } from '../memory.policy.ts';
import type { Spaces } from '../remember/spaces.ts';
import type { FactQuery, FactView, NewFact } from './fact.schema.ts';
import * as store from './fact.store.ts';

export type FactService = ReturnType<typeof createFactService>;

type Dependencies = {
  database: Database;
  clock: Clock;
  spaces: Spaces;
  forgetting: Pick<Forgetting, 'forgetWithin'>;
};

/** What is known of a person, statement by statement. */
export function createFactService({ database, clock, spaces, forgetting }: Dependencies) {
  async function own(trx: TenantTransaction, principal: Principal, id: string): Promise<store.FactRow> {
    const fact = await store.findFact(trx, id);
    assertMayChangeFact(principal, fact);
    return fact;
  }

  return {
    async list(principal: Principal, query: FactQuery) {
      const { limit = 50, cursor = null, attribute, history = false, as_of: asOf } = query;
      const at = asOf === undefined ? (history ? null : clock.now()) : new Date(asOf);
      const owners = [spaces.ownerOf(principal, { subject: query.subject })];
      const rows = await inTenant(database, principal.tenant, (trx) =>
        store.listFacts(trx, { owners, at, attribute, limit: limit + 1, after: cursor }),
      );
      const shown = rows.slice(0, limit);
      return { data: shown.map(factView), next_cursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
    },

    /** Writes down what a person says holds; it ends what held before. */
    async create(principal: Principal, body: NewFact): Promise<FactView> {
      const write = async (trx: TenantTransaction) => {
        const spaceId = await spaces.ensure(trx, principal, { subject: body.subject });
        const id = await store.insertFact(trx, {
          spaceId,
          subject: (body.about ?? 'user').trim().toLowerCase(),
          attribute: body.attribute.trim().toLowerCase(),
          value: body.value.trim(),
          valueKey: valueKey(body.value),
          isSingle: body.is_single ?? true,
          validFrom: body.valid_from === undefined ? clock.now() : new Date(body.valid_from),
          origin: 'person',
          memoryNumber: null,
          quote: null,
        });
        return factView(await own(trx, principal, id));
      };
      const { tenant } = principal;
      return spaces.withKnown(tenant, () => inTenant(database, tenant, write));
    },

    /** A correction: both are kept, and the new value counts from now on. */
    async correct(principal: Principal, id: string, value: string): Promise<FactView> {
      return inTenant(database, principal.tenant, async (trx) => {
        const before = await own(trx, principal, id);
        const now = clock.now();
        const { space_id: spaceId, subject, attribute, is_single: isSingle } = before;
        if (!isSingle) await store.endFacts(trx, spaceId, { subject, attribute, valueKey: before.value_key }, now);
        const next = await store.insertFact(trx, {
          spaceId,
          subject,
          attribute,
          value: value.trim(),
          valueKey: valueKey(value),
          isSingle,
          validFrom: now,
          origin: 'person',
          memoryNumber: null,
          quote: null,
        });
        return factView(await own(trx, principal, next));
      });
    },

    async remove(principal: Principal, id: string): Promise<void> {
      await inTenant(database, principal.tenant, async (trx) => {
        const fact = await own(trx, principal, id);
        await forgetting.forgetWithin(trx, principal.tenant, { kind: 'fact', id: fact.id }, principal.userId);
      });
    },
  };
}

export function factView(row: store.FactRow): FactView {
  return {
    id: row.id,
    about: row.subject,
    attribute: row.attribute,
    value: row.value,
    sentence: factSentence(row),
    valid_from: row.valid_from.toISOString(),
    valid_to: row.valid_to?.toISOString() ?? null,
    superseded_by: row.superseded_by,
    origin: row.origin,
    message_id: row.message_id,
    quote: row.quote,
  };
}
