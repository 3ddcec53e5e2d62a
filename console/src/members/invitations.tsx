import { Alert, Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Invitation, invite, listInvitations, revokeInvitation } from '../api/account.ts';
import type { Role } from '../api/types.ts';
import { queryClient } from '../app/query-client.ts';
import { textField, useAuthForm } from '../auth/use-auth-form.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { memberKeys, rolesUpTo } from './queries.ts';

const refresh = () => queryClient.invalidateQueries({ queryKey: memberKeys.invitations });

export function Invitations() {
  const role = useCredentials()?.tenant.role ?? 'viewer';
  const open = useQuery({ queryKey: memberKeys.invitations, queryFn: ({ signal }) => listInvitations(signal) });
  const [made, setMade] = useState<Invitation | null>(null);
  const form = useAuthForm(['email', 'role'], async (values) => {
    setMade(await invite(textField(values, 'email').trim(), textField(values, 'role') as Role));
    form.formRef.current?.reset();
    await refresh();
  });
  const rows = open.data?.data ?? [];
  return (
    <PanelSection title="Invite somebody" lead="A link comes to them by mail. It is good for 7 days.">
      <form className={classes.card} ref={form.formRef} onSubmit={form.onSubmit}>
        {form.error && <ErrorNotice error={form.error} />}
        <div className={classes.fields}>
          <TextInput
            label="Email"
            name="email"
            type="email"
            autoComplete="off"
            required
            withAsterisk={false}
            error={form.fieldError('email')}
          />
          <NativeSelect
            label="Role"
            name="role"
            data={[...rolesUpTo(role)]}
            defaultValue="member"
            error={form.fieldError('role')}
          />
          <Button type="submit" loading={form.busy}>
            Invite
          </Button>
        </div>
        {made && (
          <Alert variant="light" color="pine" role="status">
            {made.link ? (
              <>
                No mail is sent here. Pass this link on to {made.email}:
                <code className={classes.secret}>{made.link}</code>
              </>
            ) : (
              `${made.email} is invited.`
            )}
          </Alert>
        )}
      </form>
      {rows.length > 0 && (
        <ul className={classes.list} aria-label="Open invitations">
          {rows.map((invitation) => (
            <InvitationRow key={invitation.id} invitation={invitation} />
          ))}
        </ul>
      )}
    </PanelSection>
  );
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const { id, email, role, expires_at } = invitation;
  const revoke = useMutation({
    mutationFn: () => revokeInvitation(id),
    onError: (error) => notifyError('The invitation was not taken back', error),
    onSettled: refresh,
  });
  const expires = new Date(expires_at);
  const until = expires < new Date() ? 'expired' : `good until ${expires.toLocaleDateString()}`;
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.title}>{email}</p>
        <p className={classes.meta}>
          {role} · {until}
        </p>
      </div>
      <Button
        size="compact-sm"
        variant="default"
        loading={revoke.isPending}
        aria-label={`Take back the invitation of ${email}`}
        onClick={() => revoke.mutate()}
      >
        Take back
      </Button>
    </li>
  );
}
