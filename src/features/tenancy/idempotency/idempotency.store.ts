import { sql } from 'kysely';
import type { TenantTransaction } from '../../../platform/database/database.ts';

/** SQL of requests that may be repeated. */

export type RequestId = { subject: string; key: string };
export type Claim = RequestId & {
  fingerprint: string;
  claimId: string;
  now: Date;
  claimedUntil: Date;
  expiresAt: Date;
};

/**
 * Claims a request: one that is new, or has expired, or whose claimant died before it answered. Returns false when somebody
 * has it. Of several claims at once, one succeeds.
 */
export async function claimRequest(trx: TenantTransaction, claim: Claim): Promise<boolean> {
  const { subject, key, fingerprint, now } = claim;
  const row = await trx
    .insertInto('repeatable_request')
    .values({
      subject,
      key,
      fingerprint,
      claim_id: claim.claimId,
      claimed_until: claim.claimedUntil,
      answer: null,
      expires_at: claim.expiresAt,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['subject', 'key'])
        .doUpdateSet((row) => ({
          fingerprint: row.ref('excluded.fingerprint'),
          claim_id: row.ref('excluded.claim_id'),
          claimed_until: row.ref('excluded.claimed_until'),
          answer: null,
          expires_at: row.ref('excluded.expires_at'),
        }))
        .where((row) =>
          row.or([
            row('repeatable_request.expires_at', '<=', now),
            row.and([
              row('repeatable_request.answer', 'is', null),
              row('repeatable_request.claimed_until', '<=', now),
              row('repeatable_request.fingerprint', '=', fingerprint),
            ]),
          ]),
        ),
    )
    .returning('claim_id')
    .executeTakeFirst();
  return row !== undefined;
}

export type KnownRequest = { fingerprint: string; answer: Buffer | null };

export async function findRequest(
  trx: TenantTransaction,
  { subject, key }: RequestId,
): Promise<KnownRequest | undefined> {
  return trx
    .selectFrom('repeatable_request')
    .select(['fingerprint', 'answer'])
    .where('subject', '=', subject)
    .where('key', '=', key)
    .executeTakeFirst();
}

type OwnClaim = RequestId & { claimId: string };

export async function prolongClaim(trx: TenantTransaction, claim: OwnClaim, until: Date): Promise<void> {
  await trx.updateTable('repeatable_request').set({ claimed_until: until }).where(isOwn(claim)).execute();
}

export async function saveAnswer(trx: TenantTransaction, claim: OwnClaim, answer: Buffer): Promise<void> {
  await trx.updateTable('repeatable_request').set({ answer }).where(isOwn(claim)).execute();
}

export async function releaseClaim(trx: TenantTransaction, claim: OwnClaim): Promise<void> {
  await trx.deleteFrom('repeatable_request').where(isOwn(claim)).execute();
}

/** The claim's id is the fence: who was taken over changes nothing. */
function isOwn({ subject, key, claimId }: OwnClaim) {
  return sql<boolean>`subject = ${subject} AND key = ${key} AND claim_id = ${claimId} AND answer IS NULL`;
}

/** Returns how many were deleted, `limit` at most. */
export async function deleteExpiredRequests(trx: TenantTransaction, now: Date, limit: number): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('repeatable_request')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('subject', 'key'),
        'in',
        selectFrom('repeatable_request')
          .select(['subject', 'key'])
          .where('expires_at', '<=', now)
          .limit(limit)
          .$asTuple('subject', 'key'),
      ),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

export type StoredAnswer = RequestId & { answer: Buffer };

/** Answers that are kept and not emptied, in order of their requests, from behind `after` on. */
export async function listAnswers(
  trx: TenantTransaction,
  { after, limit }: { after: RequestId | null; limit: number },
): Promise<StoredAnswer[]> {
  const { rows } = await sql<StoredAnswer>`
    SELECT subject, key, answer FROM repeatable_request
    WHERE length(answer) > 0 AND (${after?.subject ?? null}::text IS NULL OR (subject, key) > (${after?.subject ?? ''}, ${after?.key ?? ''}))
    ORDER BY subject, key LIMIT ${limit}`.execute(trx);
  return rows;
}

export async function emptyAnswers(trx: TenantTransaction, requests: readonly RequestId[]): Promise<void> {
  await sql`
    UPDATE repeatable_request SET answer = ''::bytea
    FROM unnest(${requests.map(({ subject }) => subject)}::text[], ${requests.map(({ key }) => key)}::text[]) AS held (subject, key)
    WHERE repeatable_request.subject = held.subject AND repeatable_request.key = held.key`.execute(trx);
}
