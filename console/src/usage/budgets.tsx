import { Button, Progress } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { PlusIcon } from '@primer/octicons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Budget, deleteBudget } from '../api/usage.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { BudgetForm } from './budget-form.tsx';
import classes from './budgets.module.css';
import { formatUsd } from './money.ts';
import { budgetsQuery, usageKeys } from './queries.ts';

/** What may be spent, what is, and for admins how to change it. */
export function Budgets() {
  const budgets = useQuery(budgetsQuery);
  const [editing, setEditing] = useState<Budget | null>(null);
  const [opened, { open, close }] = useDisclosure(false);
  const edit = (budget: Budget | null) => {
    setEditing(budget);
    open();
  };
  return (
    <section aria-labelledby="budgets">
      <div className={classes.head}>
        <h2 id="budgets">Budgets</h2>
        <Button variant="default" size="xs" leftSection={<PlusIcon size={14} />} onClick={() => edit(null)}>
          Set a budget
        </Button>
      </div>
      {budgets.isError && <ErrorNotice error={budgets.error} onRetry={() => void budgets.refetch()} />}
      <ul className={classes.list}>
        {budgets.data?.data.map((budget) => (
          <BudgetRow key={budget.id ?? budget.set_by} budget={budget} onEdit={() => edit(budget)} />
        ))}
      </ul>
      {opened && <BudgetForm budget={editing} onClose={close} />}
    </section>
  );
}

const WHOSE = { tenant: 'The whole workspace', user: 'Each user', key: 'Each API key' } as const;
const ONE = { tenant: 'The whole workspace', user: 'One user', key: 'One API key' } as const;

export function nameOf({ scope, subject_id, period }: Budget): string {
  return `${(subject_id === null ? WHOSE : ONE)[scope]}, a ${period}`;
}

function BudgetRow({ budget, onEdit }: { budget: Budget; onEdit: () => void }) {
  const { spent_usd: spent, reserved_usd: reserved, limit_usd: limit } = budget;
  const name = nameOf(budget);
  const percent = spent === null ? 0 : limit === 0 ? 100 : Math.min(100, (spent / limit) * 100);
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.name}>
          {name} <span className={classes.kind}>{kindOf(budget)}</span>
        </p>
        <p className={classes.meta}>
          {spent === null ? `${formatUsd(limit)} each` : `${formatUsd(spent)} of ${formatUsd(limit)} spent`}
          {reserved ? `, ${formatUsd(reserved)} reserved` : ''}
        </p>
        {spent !== null && (
          <Progress
            value={percent}
            size="sm"
            color={percent >= 80 ? 'red' : 'pine'}
            aria-label={`${name}: ${Math.round(percent)} % spent`}
          />
        )}
      </div>
      {budget.set_by === 'tenant' && <RowActions budget={budget} name={name} onEdit={onEdit} />}
    </li>
  );
}

function kindOf({ hard, set_by }: Budget): string {
  if (set_by !== 'tenant') return 'given by the operator';
  return hard ? 'refuses beyond it' : 'only warns';
}

function RowActions({ budget, name, onEdit }: { budget: Budget; name: string; onEdit: () => void }) {
  const client = useQueryClient();
  const [asking, { open, close }] = useDisclosure(false);
  const removal = useMutation({
    mutationFn: () => deleteBudget(budget.id ?? ''),
    onSuccess: () => client.invalidateQueries({ queryKey: usageKeys.budgets }),
  });
  return (
    <div className={classes.actions}>
      <Button variant="subtle" size="xs" onClick={onEdit} aria-label={`Change: ${name}`}>
        Change
      </Button>
      <Button variant="subtle" size="xs" color="red" onClick={open} aria-label={`Lift: ${name}`}>
        Lift
      </Button>
      <ConfirmDialog
        opened={asking}
        title="Lift this budget?"
        confirm="Lift"
        busy={removal.isPending}
        onConfirm={() => removal.mutate()}
        onClose={close}
      >
        {name}: {formatUsd(budget.limit_usd)}. What the operator gives still holds.
      </ConfirmDialog>
    </div>
  );
}
