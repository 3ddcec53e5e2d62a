import type { Clock } from '../../../platform/clock.ts';
import type { Database, PlatformTransaction } from '../../../platform/database/database.ts';
import type { Mail } from '../../../platform/mail/mailer.ts';
import type { Outbox } from '../../../platform/mail/outbox.ts';
import type { Logger } from '../../../platform/telemetry/log.ts';
import { recordAct, SYSTEM } from '../../tenancy/index.ts';
import type { Alert } from '../ledger/ledger.types.ts';
import { usdOf } from '../prices/price.ts';
import { claimAlert, findRecipients } from './budget-alert.store.ts';
import { renewalOf } from './refused-by.ts';

export type BudgetAlertDependencies = {
  database: Database;
  clock: Clock;
  log: Logger;
  /** Null: this installation sends no mail. */
  outbox: Outbox | null;
};

/**
 * Tells a tenant of each share of a budget that is used up: an entry in its audit log, and a mail to its owners and admins.
 * The ledger has noted the share once, whichever replica saw it; being told is in one transaction with that, so that it
 * comes once, too, and is made up for where a process died in between.
 */
export class BudgetAlerts {
  readonly #deps: BudgetAlertDependencies;
  #telling: Promise<void> | null = null;
  #more = false;

  constructor(deps: BudgetAlertDependencies) {
    this.#deps = deps;
  }

  /** Tells all that is noted, in the background. */
  tell(): void {
    this.#more = true;
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = null;
    });
  }

  /** Resolves when nothing is being told. */
  async told(): Promise<void> {
    while (this.#telling) await this.#telling;
  }

  async #tellAll(): Promise<void> {
    try {
      while (this.#more) {
        this.#more = false;
        while (await this.#tellNext());
      }
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'an alert about a budget could not be told; it is tried again');
    }
  }

  /** One at a time: acts of a tenant wait for each other, and two transactions must not hold several. */
  #tellNext(): Promise<boolean> {
    const { database, clock, outbox } = this.#deps;
    return database.transaction(async (trx) => {
      const now = clock.now();
      const alert = await claimAlert(trx, now);
      if (alert === null) return false;
      if (outbox) await post(trx, outbox, alert);
      const { scope, subjectId, period, periodStart, limit, hard, percent, tenantId } = alert;
      const details = { percent, period, period_start: periodStart, limit_usd: usdOf(limit), hard };
      const target = { kind: scope === 'key' ? 'api-key' : scope, id: subjectId };
      await recordAct(trx, { act: 'budget.alert', tenantId, actor: SYSTEM, target, details }, now);
      return true;
    });
  }
}

async function post(trx: PlatformTransaction, outbox: Outbox, alert: Alert): Promise<void> {
  const recipients = await findRecipients(trx, alert.tenantId);
  if (recipients === null) return;
  for (const to of recipients.addresses) await outbox.post(trx, alertMail(to, recipients.slug, alert));
}

const WHOSE = { tenant: 'the tenant', user: 'a user', key: 'an API key' } as const;

function alertMail(to: string, slug: string, alert: Alert): Mail {
  const { scope, subjectId, period, limit, hard, percent } = alert;
  const whose = scope === 'tenant' ? WHOSE.tenant : `${WHOSE[scope]} (${subjectId})`;
  const renewal = renewalOf(alert).toISOString().replace('.000', '');
  const used = percent < 100 ? `${percent} % of a budget in ${slug} are used` : `A budget in ${slug} is used up`;
  const consequence = hard
    ? 'What it has no room for is refused.'
    : 'It is a soft budget: nothing is refused, this is only to tell you.';
  return {
    to,
    subject: used,
    text: `${used}: ${usdOf(limit)} USD a ${period} for ${whose}.\n\n${consequence} It begins anew at ${renewal}.\n\nAdmins see and change budgets under Usage in the console, or at /v1/budgets.\n`,
  };
}
