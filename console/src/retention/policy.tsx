import { Button, Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { changePolicy, type RetentionPolicy } from '../api/retention.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { PageLoading } from '../ui/page-loading.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import own from './policy.module.css';
import { policyQuery, refreshRetention } from './queries.ts';

export function PolicySection() {
  const policy = useQuery(policyQuery);
  return (
    <PanelSection
      title="Policy"
      lead="First into the archive, where no search finds it; then gone. An empty field means never."
    >
      {policy.isPending && <PageLoading />}
      {policy.isError && <ErrorNotice error={policy.error} onRetry={() => void policy.refetch()} />}
      {policy.isSuccess && <PolicyForm policy={policy.data} />}
    </PanelSection>
  );
}

const FIELDS = [
  { name: 'max_age_days', label: 'Archive after, days', step: 1, max: 3650 },
  { name: 'importance_threshold', label: 'Archive importance up to', step: 'any', max: 1 },
  { name: 'max_items', label: 'Of each person at most', step: 1, max: 1_000_000_000 },
  { name: 'delete_after_days', label: 'Delete from the archive after, days', step: 1, max: 3650 },
] as const;

function PolicyForm({ policy }: { policy: RetentionPolicy }) {
  const saving = useMutation({ mutationFn: changePolicy, onSuccess: () => refreshRetention() });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const numbers = Object.fromEntries(FIELDS.map(({ name }) => [name, numberOf(values.get(name))]));
    saving.mutate({ ...numbers, enabled: values.get('enabled') !== null });
  };
  return (
    <form className={classes.card} onSubmit={submit} onChange={() => saving.reset()}>
      <div className={own.fields}>
        {FIELDS.map(({ name, label, step, max }) => (
          <TextInput
            key={name}
            name={name}
            label={label}
            type="number"
            min={name === 'importance_threshold' ? 0 : 1}
            max={max}
            step={step}
            placeholder="never"
            defaultValue={policy[name] ?? ''}
          />
        ))}
      </div>
      <Checkbox
        name="enabled"
        label="Apply policy and rules by itself, once a day"
        description="Off until you turn it on."
        defaultChecked={policy.enabled}
      />
      {saving.isError && <ErrorNotice error={saving.error} />}
      <div>
        <Button type="submit" variant="default" loading={saving.isPending}>
          {saving.isSuccess ? 'Saved' : 'Save the policy'}
        </Button>
      </div>
    </form>
  );
}

function numberOf(value: FormDataEntryValue | null): number | null {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : null;
}
