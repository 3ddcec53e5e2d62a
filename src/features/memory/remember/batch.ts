import { ApiError, requestErrors } from '../../../platform/http/errors.ts';
import { statusOf } from '../../../platform/http/problem.ts';
import { valueFaults } from '../../../platform/http/validation.ts';
import { isId } from '../../../platform/id.ts';
import type { Principal } from '../../identity/index.ts';
import { memoryErrors } from '../memory.errors.ts';
import { type BatchView, MessageChange, NewMessage } from '../memory.schema.ts';
import type { RememberService } from './remember.service.ts';

export type BatchOutcome = { view: BatchView; failed: boolean };

/** Many writes in one request, each judged by itself: what is wrong with one does not stop the others. */
export function createBatches(service: RememberService) {
  return {
    async create(principal: Principal, messages: readonly unknown[]): Promise<BatchOutcome> {
      const batch = new Batch(messages.length);
      const good: { place: number; body: NewMessage }[] = [];
      for (const [place, message] of messages.entries()) {
        const fault = faultOf(NewMessage, message);
        if (fault) batch.refuse(place, fault);
        else good.push({ place, body: message as NewMessage });
      }
      await createGood(service, principal, good, batch);
      return batch.outcome();
    },

    async update(
      principal: Principal,
      updates: readonly { message_id: string; update: unknown }[],
    ): Promise<BatchOutcome> {
      const batch = new Batch(updates.length);
      for (const [place, { message_id: id, update }] of updates.entries()) {
        const fault = faultOf(MessageChange, update);
        if (fault) batch.refuse(place, fault, id);
        else {
          await batch.try(place, id, async () => {
            assertId(id);
            batch.updated(place, await service.change(principal, id, update as MessageChange));
          });
        }
      }
      return batch.outcome();
    },

    async remove(principal: Principal, ids: readonly string[]): Promise<BatchOutcome> {
      const batch = new Batch(ids.length);
      for (const [place, id] of ids.entries()) {
        await batch.try(place, id, async () => {
          assertId(id);
          await service.remove(principal, id);
          batch.deleted(place, id);
        });
      }
      return batch.outcome();
    },
  };
}

/** All that may be, in one transaction. */
async function createGood(
  service: RememberService,
  principal: Principal,
  good: readonly { place: number; body: NewMessage }[],
  batch: Batch,
): Promise<void> {
  if (good.length === 0) return;
  const bodies = good.map(({ body }) => body);
  for (const [index, result] of (await service.createMany(principal, bodies)).entries()) {
    const place = good[index]?.place ?? 0;
    if (result.status === 'fulfilled') batch.created(place, result.value);
    else batch.refuse(place, result.reason as ApiError);
  }
}

class Batch {
  readonly #view: BatchView;

  constructor(size: number) {
    const results = Array.from({ length: size }, () => ({ status: 500, id: null as string | null }));
    this.#view = { created: [], updated: [], deleted: [], errors: [], results };
  }

  created(place: number, { memory, isNew }: Awaited<ReturnType<RememberService['create']>>): void {
    this.#view.created.push(memory);
    this.#view.results[place] = { status: createdStatus(memory, isNew), id: memory.id };
  }

  updated(place: number, memory: BatchView['updated'][number]): void {
    this.#view.updated.push(memory);
    this.#view.results[place] = { status: 200, id: memory.id };
  }

  deleted(place: number, id: string): void {
    this.#view.deleted.push(id);
    this.#view.results[place] = { status: 204, id };
  }

  refuse(place: number, error: ApiError, id?: string): void {
    const { code } = error.definition;
    this.#view.errors.push({
      message_index: place,
      ...(id !== undefined && { message_id: id }),
      error: error.message,
      code,
    });
    this.#view.results[place] = { status: statusOf(error), id: id ?? null };
  }

  /** An expected failure is the entry's; whatever else goes wrong is the request's. */
  async try(place: number, id: string | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.refuse(place, error, id);
    }
  }

  outcome(): BatchOutcome {
    return { view: this.#view, failed: this.#view.errors.length > 0 };
  }
}

/** 201 when nothing more is to come, 202 while an embedding is, 200 for what was there already. */
export function createdStatus(
  memory: { embedding_status: string; embedding_error: unknown },
  isNew: boolean,
): 200 | 201 | 202 {
  if (!isNew) return 200;
  return memory.embedding_status === 'pending' && memory.embedding_error === null ? 202 : 201;
}

function assertId(id: string): void {
  if (!isId(id)) throw memoryErrors.notFound();
}

/** The error that an entry would have got as a body of its own. */
function faultOf(schema: object, entry: unknown): ApiError | null {
  const fields = valueFaults(schema, entry);
  const [first] = fields;
  return first ? requestErrors.invalid(`${first.field} ${first.message}`, { fields }) : null;
}
