import type { Generated } from 'kysely';
import type { CreatedAt, DefaultedTimestamp, Json, Timestamp } from './column-types.ts';

/** What a tenant has set otherwise than the installation. */
export type TenantSettingTable = {
  tenant_id: string;
  key: string;
  value: Json<unknown>;
  updated_by: string | null;
  updated_at: DefaultedTimestamp;
};

/** What a tenant has given us to keep and to use. */
export type TenantSecretTable = {
  tenant_id: string;
  name: string;
  /** By `platform/secrets`. */
  sealed: Buffer;
  /** Its last characters, by which a person knows it again. */
  hint: string;
  updated_by: string | null;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

/** What was deleted with a tenant, signed. */
export type TenantDeletionTable = {
  tenant_id: string;
  slug: string;
  receipt: Json<unknown>;
  signature: string;
  created_at: CreatedAt;
};

export type TenantExportStatus = 'queued' | 'running' | 'ready' | 'failed';

export type TenantExportTable = {
  id: string;
  tenant_id: string;
  status: Generated<TenantExportStatus>;
  /** 0 to 1. */
  progress: Generated<number>;
  size_bytes: number | null;
  /** SHA-256 of the archive, hex. */
  checksum: string | null;
  error: string | null;
  created_by: string | null;
  expires_at: Timestamp;
  created_at: CreatedAt;
  updated_at: DefaultedTimestamp;
};

export type TenantExportPartTable = { export_id: string; number: number; bytes: Buffer };
