import { Button, Checkbox, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Budget, type BudgetPeriod, type BudgetScope, changeBudget, createBudget } from '../api/usage.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { usageKeys } from './queries.ts';

const SCOPES = [
  { value: 'tenant', label: 'The whole workspace' },
  { value: 'user', label: 'Each user' },
  { value: 'key', label: 'Each API key' },
];
const PERIODS = [
  { value: 'day', label: 'a day' },
  { value: 'month', label: 'a month' },
];

/** A new budget, or the amount of one that there is. */
export function BudgetForm({ budget, onClose }: { budget: Budget | null; onClose: () => void }) {
  const client = useQueryClient();
  const [scope, setScope] = useState<BudgetScope>(budget?.scope ?? 'tenant');
  const [period, setPeriod] = useState<BudgetPeriod>(budget?.period ?? 'day');
  const [limit, setLimit] = useState(budget ? String(budget.limit_usd) : '');
  const [hard, setHard] = useState(budget?.hard ?? true);
  const saving = useMutation({
    mutationFn: () =>
      budget?.id
        ? changeBudget(budget.id, Number(limit))
        : createBudget({ scope, period, limit_usd: Number(limit), hard }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: usageKeys.budgets });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={budget ? 'Change the budget' : 'Set a budget'}
      size="sm"
      radius="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {!budget && (
            <>
              <NativeSelect
                label="For"
                data={SCOPES}
                value={scope}
                onChange={({ currentTarget }) => setScope(currentTarget.value as BudgetScope)}
              />
              <NativeSelect
                label="Period"
                data={PERIODS}
                value={period}
                onChange={({ currentTarget }) => setPeriod(currentTarget.value as BudgetPeriod)}
              />
            </>
          )}
          <TextInput
            label="US dollars"
            type="number"
            inputMode="decimal"
            value={limit}
            onChange={({ currentTarget }) => setLimit(currentTarget.value)}
            min={0}
            max={1_000_000}
            step="any"
            required
            data-autofocus
          />
          {!budget && (
            <Checkbox
              label="Refuse what would go beyond it"
              description="Otherwise it only warns."
              checked={hard}
              onChange={({ currentTarget }) => setHard(currentTarget.checked)}
            />
          )}
          {saving.isError && <ErrorNotice error={saving.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={limit === ''}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
