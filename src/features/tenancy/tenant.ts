import { enterSchema } from '../../platform/database/database.ts';
import type { MigrationTarget } from '../../platform/database/migrations/migrator.ts';

/** Names a tenant. It comes from a credential or from the platform's own tables, never from a request's body. */
export type Tenant = { readonly id: string; readonly slug: string };

/** 1 to 40 characters: with its prefix a slug stays below Postgres's 63 bytes for a name. */
const SLUG = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

export function isSlug(value: string): boolean {
  return SLUG.test(value);
}

/** Words that stand in addresses where a slug may come to stand, or that mislead: nobody's tenant is called so. Schemas are
 * safe from each other by their prefix. */
const RESERVED = new Set(['current', 'platform', 'public', 'pgboss', 'admin', 'api', 'system', 'installation']);

export function isReservedSlug(slug: string): boolean {
  return RESERVED.has(slug) || slug.startsWith('pg-');
}

/** The name of a tenant's schema and of the role that owns it. */
export function schemaOf(tenant: Pick<Tenant, 'slug'>): string {
  if (!isSlug(tenant.slug)) throw new Error('This is not the slug of a tenant.');
  return `tenant_${tenant.slug}`;
}

export function migrationTargetOf(tenant: Pick<Tenant, 'slug'>): MigrationTarget {
  const schema = schemaOf(tenant);
  return { schema, scope: 'tenant', enter: enterSchema(schema) };
}

/** A slug from any text, for example the part of an e-mail address before the @; `tenant` when nothing is left of it. */
export function slugFrom(text: string): string {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32)
    .replace(/-+$/, '');
  return slug === '' ? 'tenant' : isReservedSlug(slug) ? `${slug}-1` : slug;
}
