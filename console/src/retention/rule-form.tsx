import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { createRule, type RetentionAction } from '../api/retention.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { refreshRetention } from './queries.ts';
import { ACTIONS, ruleWords, TYPES } from './words.ts';

type Type = keyof typeof TYPES;

const TYPE_OPTIONS = Object.entries(TYPES).map(([value, { label }]) => ({ value, label }));
const ACTION_OPTIONS = Object.entries(ACTIONS).map(([value, label]) => ({ value, label }));

/** A new rule of the kinds that one number tells; custom ones are written over the API. */
export function RuleForm({ onClose }: { onClose: () => void }) {
  const [type, setType] = useState<Type>('age');
  const [action, setAction] = useState<RetentionAction>('archive');
  const [number, setNumber] = useState(String(TYPES.age.fallback));
  const [priority, setPriority] = useState('100');
  const rule = { rule_type: type, action, conditions: { [TYPES[type].condition]: Number(number) } };
  const saving = useMutation({
    mutationFn: () => createRule({ ...rule, name: ruleWords(rule), priority: Number(priority) }),
    onSuccess: async () => {
      await refreshRetention();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const choose = (chosen: Type) => {
    setType(chosen);
    setNumber(String(TYPES[chosen].fallback));
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Add a rule"
      size="sm"
      radius="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <NativeSelect
            label="Do this"
            data={ACTION_OPTIONS}
            value={action}
            onChange={({ currentTarget }) => setAction(currentTarget.value as RetentionAction)}
          />
          <NativeSelect
            label="with what is"
            data={TYPE_OPTIONS}
            value={type}
            onChange={({ currentTarget }) => choose(currentTarget.value as Type)}
          />
          <TextInput
            label="Number"
            type="number"
            min={type === 'importance' ? 0 : 1}
            max={type === 'importance' ? 1 : 1_000_000_000}
            step={type === 'importance' ? 'any' : 1}
            required
            withAsterisk={false}
            value={number}
            onChange={({ currentTarget }) => setNumber(currentTarget.value)}
          />
          <TextInput
            label="Priority"
            description="Lower comes first."
            type="number"
            min={1}
            max={1000}
            required
            withAsterisk={false}
            value={priority}
            onChange={({ currentTarget }) => setPriority(currentTarget.value)}
          />
          {saving.isError && <ErrorNotice error={saving.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
