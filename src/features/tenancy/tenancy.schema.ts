import { type Static, Type } from 'typebox';
import { words } from '../../platform/http/schema.ts';
import type { SettingState } from './settings/tenant-settings.ts';

const closed = { additionalProperties: false } as const;

export const SettingView = Type.Object(
  {
    key: Type.String({ description: '`<area>.<name>`.' }),
    value: Type.Unknown({ description: 'What counts now. Null: what this installation has for all.' }),
    default: Type.Unknown({ description: 'What counts where the tenant has set nothing.' }),
    is_set: Type.Boolean({ description: 'Whether the tenant has it otherwise than by default.' }),
    set_by: words(['admin', 'operator'], { description: 'Who may change it.' }),
    description: Type.String(),
    schema: Type.Unknown({ description: 'JSON Schema of its values.' }),
  },
  closed,
);

export const SettingList = Type.Object({ data: Type.Array(SettingView), next_cursor: Type.Null() }, closed);

export const SettingChangesBody = Type.Record(Type.String(), Type.Unknown(), {
  minProperties: 1,
  maxProperties: 100,
  description: 'New values by key; null takes a setting back to its default.',
});

export function presentSettings(states: readonly SettingState[]): Static<typeof SettingList> {
  const data = states.map(({ setting, value, isSet }) => ({
    key: setting.key,
    value,
    default: setting.fallback,
    is_set: isSet,
    set_by: setting.setBy,
    description: setting.description,
    schema: setting.schema,
  }));
  return { data, next_cursor: null };
}
