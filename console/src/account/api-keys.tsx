import { Alert, Button, Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type ApiKey, createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '../api/account.ts';
import { textField, useAuthForm } from '../auth/use-auth-form.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { formatDay } from '../ui/format.ts';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { accountKeys, refresh } from './queries.ts';

export function ApiKeys() {
  const keys = useQuery({ queryKey: accountKeys.apiKeys, queryFn: ({ signal }) => listApiKeys(signal) });
  const [shown, setShown] = useState<string | null>(null);
  const rows = keys.data?.data ?? [];
  return (
    <PanelSection title="API keys" lead="For programs that act for you in this tenant.">
      {keys.error && <ErrorNotice error={keys.error} onRetry={() => void keys.refetch()} />}
      {shown && (
        <Alert variant="light" color="pine" title="Copy the key now: it is shown this once." role="status">
          <code className={classes.secret}>{shown}</code>
        </Alert>
      )}
      <NewKey onMade={setShown} />
      {rows.length > 0 && (
        <ul className={classes.list}>
          {rows.map((key) => (
            <KeyRow key={key.id} apiKey={key} onRotated={setShown} />
          ))}
        </ul>
      )}
    </PanelSection>
  );
}

function NewKey({ onMade }: { onMade: (key: string) => void }) {
  const role = useCredentials()?.tenant.role;
  const form = useAuthForm(['name', 'scopes'], async (values) => {
    const scopes = values.getAll('scopes').map(String);
    const { key } = await createApiKey(textField(values, 'name').trim(), scopes.length === 0 ? ['read'] : scopes);
    form.formRef.current?.reset();
    onMade(key);
    await refresh(accountKeys.apiKeys);
  });
  return (
    <form className={classes.card} ref={form.formRef} onSubmit={form.onSubmit}>
      {form.error && <ErrorNotice error={form.error} />}
      <div className={classes.fields}>
        <TextInput label="Name" name="name" required withAsterisk={false} error={form.fieldError('name')} />
        <Checkbox.Group label="It may" defaultValue={['read', 'write']} error={form.fieldError('scopes')}>
          <div className={classes.checks}>
            <Checkbox name="scopes" value="read" label="Read" />
            {role !== 'viewer' && <Checkbox name="scopes" value="write" label="Write" />}
            {(role === 'admin' || role === 'owner') && <Checkbox name="scopes" value="admin" label="Administer" />}
          </div>
        </Checkbox.Group>
        <Button type="submit" variant="default" loading={form.busy}>
          Make a key
        </Button>
      </div>
    </form>
  );
}

function KeyRow({ apiKey, onRotated }: { apiKey: ApiKey; onRotated: (key: string) => void }) {
  const settled = { onSettled: () => refresh(accountKeys.apiKeys) };
  const revoke = useMutation({
    mutationFn: () => revokeApiKey(apiKey.id),
    onError: (error) => notifyError('The key was not revoked', error),
    ...settled,
  });
  const rotate = useMutation({
    mutationFn: () => rotateApiKey(apiKey.id),
    onSuccess: ({ key }) => onRotated(key),
    onError: (error) => notifyError('The key has no new secret', error),
    ...settled,
  });
  const used =
    apiKey.last_used_at === null ? 'never used' : `last used ${formatDay(new Date(apiKey.last_used_at), new Date())}`;
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.title}>{apiKey.name}</p>
        <p className={classes.meta}>
          <code>{apiKey.prefix}…</code> · {apiKey.scopes.join(', ')} · {used}
        </p>
      </div>
      <Button
        size="compact-sm"
        variant="default"
        loading={rotate.isPending}
        aria-label={`New secret for ${apiKey.name}`}
        onClick={() => rotate.mutate()}
      >
        New secret
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        loading={revoke.isPending}
        aria-label={`Revoke ${apiKey.name}`}
        onClick={() => revoke.mutate()}
      >
        Revoke
      </Button>
    </li>
  );
}
