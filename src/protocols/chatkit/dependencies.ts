import type { Transcriber } from '../../ai/transcriber.ts';
import type { Chat, RunInput } from '../../features/chat/index.ts';
import type { Documents } from '../../features/documents/index.ts';
import type { Tenant, TenantSettings } from '../../features/tenancy/index.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';

/** What a tenant wants of its ChatKit pages. */
export type ChatkitOptions = {
  /** Whether closing the request stops the answer. Otherwise it is finished, and the page shows no stop button. */
  stopOnClose: boolean;
  /** What every answer is told beside the question. */
  instructions: string | null;
  /** What the model may call: tools of the page by their functions, others by name. Null: what the tenant has everywhere. */
  tools: NonNullable<RunInput['tools']> | null;
};

/** Addresses of pictures for those who have no credential, such as the page's `<img>`. */
export type PreviewSeal = {
  /** What an address ends with; it is good for a day at least. */
  seal(tenant: Tenant, attachmentId: string): string;
  /** Null: not one of ours, or expired. */
  open(sealed: string): { tenant: Tenant; attachmentId: string } | null;
};

export type ChatkitDependencies = {
  chat: Chat;
  documents: Documents;
  /** Null: speech is not written down here. */
  transcriber: Transcriber | null;
  tenantSettings: TenantSettings;
  /** Whether the tenant has an MCP server of this name that is switched on. */
  hasToolServer(tenant: Tenant, name: string): Promise<boolean>;
  metrics: Metrics;
  previews: PreviewSeal;
  config: { chatkitSessions: number; chatkitSessionDays: number; chatkitMessageLength: number };
};
