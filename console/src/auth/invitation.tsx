import { Alert, Anchor, Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useLocation, useNavigate } from 'react-router';
import { acceptAsNewUser, acceptInvitation, lookAtInvitation, type ShownInvitation } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './auth-page.module.css';
import { AuthPage } from './auth-page.tsx';
import type { CameFrom } from './came-from.ts';
import { useTokenFromLink } from './token-from-link.ts';
import { textField, useAuthForm } from './use-auth-form.ts';
import { useCredentials } from './use-credentials.ts';

export function Invitation() {
  const token = useTokenFromLink();
  const credentials = useCredentials();
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => lookAtInvitation(token),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const shown = invitation.data;
  return (
    <AuthPage
      title={shown ? `Join ${shown.tenant_name}` : 'Invitation'}
      lead={shown ? `You are invited as ${shown.role}, at ${shown.email}.` : 'One moment.'}
      footer={
        <Anchor component={Link} to="/" inherit>
          Not now
        </Anchor>
      }
    >
      <div className={classes.form}>
        {invitation.error && <ErrorNotice error={invitation.error} />}
        {shown && <Answer token={token} shown={shown} signedInAs={credentials?.user.email ?? null} />}
      </div>
    </AuthPage>
  );
}

type Props = { token: string; shown: ShownInvitation; signedInAs: string | null };

function Answer({ token, shown, signedInAs }: Props) {
  const { pathname, hash } = useLocation();
  if (signedInAs === shown.email) return <JoinButton token={token} />;
  if (signedInAs !== null) {
    return (
      <Alert variant="light" color="yellow">
        You are signed in as {signedInAs}. Sign out, then open the link of the mail again.
      </Alert>
    );
  }
  if (!shown.has_account) return <NewAccount token={token} />;
  return (
    <Button component={Link} to="/sign-in" state={{ from: `${pathname}${hash}` } satisfies CameFrom} fullWidth>
      Sign in to accept
    </Button>
  );
}

function JoinButton({ token }: { token: string }) {
  const navigate = useNavigate();
  const join = useMutation({
    mutationFn: () => acceptInvitation(token),
    onSuccess: () => navigate('/', { replace: true }),
  });
  return (
    <>
      {join.error && <ErrorNotice error={join.error} />}
      <Button fullWidth loading={join.isPending} onClick={() => join.mutate()}>
        Join
      </Button>
    </>
  );
}

function NewAccount({ token }: { token: string }) {
  const navigate = useNavigate();
  const form = useAuthForm(['full_name', 'password'], async (values) => {
    const name = textField(values, 'full_name').trim();
    const password = textField(values, 'password');
    await acceptAsNewUser({ token, password, ...(name === '' ? {} : { full_name: name }) });
    navigate('/', { replace: true });
  });
  return (
    <form className={classes.fields} ref={form.formRef} onSubmit={form.onSubmit}>
      {form.error && <ErrorNotice error={form.error} />}
      <TextInput
        label="Name"
        description="Optional"
        name="full_name"
        autoComplete="name"
        error={form.fieldError('full_name')}
      />
      <PasswordInput
        label="Password"
        description="8 to 128 characters"
        name="password"
        autoComplete="new-password"
        required
        withAsterisk={false}
        error={form.fieldError('password')}
        aria-invalid={form.fieldError('password') !== null}
      />
      <Button type="submit" loading={form.busy} fullWidth>
        Join
      </Button>
    </form>
  );
}
