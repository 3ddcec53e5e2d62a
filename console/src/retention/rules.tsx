import { Button, Checkbox } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { PlusIcon } from '@primer/octicons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { deleteRule, type RetentionRule, switchRule } from '../api/retention.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { refreshRetention, rulesQuery } from './queries.ts';
import { RuleForm } from './rule-form.tsx';
import { ruleWords } from './words.ts';

export function RuleSection() {
  const rules = useQuery(rulesQuery);
  const [adding, { open, close }] = useDisclosure(false);
  return (
    <PanelSection
      title="Rules"
      lead="Before the policy, in this order; of each memory the first that fits counts."
      action={
        <Button variant="default" size="xs" leftSection={<PlusIcon size={14} />} onClick={open}>
          Add a rule
        </Button>
      }
    >
      {rules.isError && <ErrorNotice error={rules.error} onRetry={() => void rules.refetch()} />}
      {rules.data?.data.length === 0 && <p className={classes.lead}>There are none: the policy alone counts.</p>}
      {rules.data !== undefined && rules.data.data.length > 0 && (
        <ol className={classes.list} aria-label="Rules">
          {rules.data.data.map((rule) => (
            <RuleRow key={rule.id} rule={rule} />
          ))}
        </ol>
      )}
      {adding && <RuleForm onClose={close} />}
    </PanelSection>
  );
}

function RuleRow({ rule }: { rule: RetentionRule }) {
  const { id, name, enabled } = rule;
  const [deleting, { open, close }] = useDisclosure(false);
  const turning = useMutation({
    mutationFn: (on: boolean) => switchRule(id, on),
    onError: (error) => notifyError('The rule was not changed', error),
    onSettled: () => refreshRetention(),
  });
  const removal = useMutation({
    mutationFn: () => deleteRule(id),
    onError: (error) => notifyError('The rule was not removed', error),
    onSettled: () => {
      close();
      return refreshRetention();
    },
  });
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.title}>
          <bdi>{name}</bdi>
        </p>
        {name !== ruleWords(rule) && <p className={classes.meta}>{ruleWords(rule)}</p>}
      </div>
      <Checkbox
        label="On"
        aria-label={`On: ${name}`}
        checked={enabled}
        disabled={turning.isPending}
        onChange={({ currentTarget }) => turning.mutate(currentTarget.checked)}
      />
      <Button variant="subtle" size="xs" color="red" onClick={open} aria-label={`Remove: ${name}`}>
        Remove
      </Button>
      <ConfirmDialog
        opened={deleting}
        title="Remove this rule?"
        confirm="Remove"
        busy={removal.isPending}
        onConfirm={() => removal.mutate()}
        onClose={close}
      >
        {ruleWords(rule)}. What it has done stays done.
      </ConfirmDialog>
    </li>
  );
}
