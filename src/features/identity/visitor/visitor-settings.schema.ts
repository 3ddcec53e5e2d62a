import { Type } from 'typebox';
import { defineTenantSettings } from '../../tenancy/index.ts';

/** Whether, and how far, people without an account may chat in a tenant. */
export const visitorSettings = defineTenantSettings('visitors', {
  allowed: {
    schema: Type.Boolean(),
    fallback: false,
    description:
      'Whether anybody may chat here without an account, with answers from this tenant’s documents and at its cost.',
  },
  messages: {
    schema: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    fallback: null,
    description:
      'Messages of one visitor, and of all visitors of one address, within the installation’s window (6 hours). Unset: the installation’s.',
  },
  keep_days: {
    schema: Type.Integer({ minimum: 1, maximum: 365 }),
    fallback: 30,
    description: 'Days after which a visitor’s session is deleted.',
  },
});
