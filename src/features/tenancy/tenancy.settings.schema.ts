import { Type } from 'typebox';
import { defineTenantSettings } from './settings/tenant-setting.schema.ts';

/** What a tenant may use of this installation. Null: what the installation gives everybody, or no limit. */
const perMinute = (description: string) =>
  ({
    schema: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
    fallback: null,
    description,
    setBy: 'operator',
  }) as const;

/** Instead of the installation's own limits. */
export const limitSettings = defineTenantSettings('limits', {
  requests_per_minute: perMinute('Requests a minute in this tenant.'),
  runs_per_minute: perMinute('Questions a minute of one user.'),
  websocket_messages_per_minute: perMinute('Messages a minute of one user over WebSockets.'),
  memory_messages_per_minute: perMinute('Memory messages a minute that one user or API key may create.'),
  chatkit_requests_per_minute: perMinute('Requests a minute of one user on each ChatKit REST route.'),
});
