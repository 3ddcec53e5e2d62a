import type { Generated } from 'kysely';
import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './column-types.ts';

/** Days and months are dates of UTC. Drivers read one as a moment, of midnight where the process is: select it `::text`. */

export type BudgetScope = 'tenant' | 'user' | 'key';
export type BudgetPeriod = 'day' | 'month';

/** What a tenant, a user in it or a key has spent and reserved in the present day and month; nano-dollars. */
export type LedgerAccountTable = {
  tenant_id: string;
  scope: BudgetScope;
  subject_id: string;
  day: Timestamp;
  day_spent: Generated<number>;
  day_reserved: Generated<number>;
  month: Timestamp;
  month_spent: Generated<number>;
  month_reserved: Generated<number>;
  /** What of these is of calls with keys of the tenant's own. */
  day_own_spent: Generated<number>;
  day_own_reserved: Generated<number>;
  month_own_spent: Generated<number>;
  month_own_reserved: Generated<number>;
};

/** A call to a model that is under way, or whose process died. */
export type LedgerReservationTable = {
  call_id: string;
  tenant_id: string;
  user_id: string | null;
  api_key_id: string | null;
  purpose: string;
  model: string;
  run_id: string | null;
  /** Place of the run's last event before the call. */
  run_position: number | null;
  /** UTC. */
  day: Timestamp;
  amount: number;
  /** Null: unpriced. */
  price: Json<unknown> | null;
  /** An estimate. */
  input_tokens: number;
  created_at: Timestamp;
  /** Made with a provider's key of the tenant's own. */
  own_key: Generated<boolean>;
};

export type LedgerEntryTable = {
  call_id: string;
  kind: 'reserve' | 'settle' | 'release';
  tenant_id: string;
  user_id: string | null;
  api_key_id: string | null;
  purpose: string;
  model: string;
  run_id: string | null;
  day: Timestamp;
  amount: number;
  price: Json<unknown> | null;
  input_tokens: Generated<number>;
  cached_input_tokens: Generated<number>;
  output_tokens: Generated<number>;
  estimated: Generated<boolean>;
  created_at: Timestamp;
  own_key: Generated<boolean>;
};

export type BudgetTable = {
  id: string;
  tenant_id: string;
  scope: BudgetScope;
  /** Null: the tenant itself, or each of its users or keys that has none of its own. */
  subject_id: string | null;
  period: BudgetPeriod;
  amount: number;
  hard: boolean;
  set_by: 'tenant' | 'operator';
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type BudgetAlertTable = {
  tenant_id: string;
  scope: BudgetScope;
  subject_id: string;
  period: BudgetPeriod;
  period_start: Timestamp;
  amount: number;
  hard: boolean;
  percent: number;
  created_at: CreatedAt;
  /** Null: the tenant's admins are yet to be told. */
  told_at: Timestamp | null;
};
