import { Alert, Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { readMe, sendVerification } from '../api/account.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { notifyError } from '../ui/notify.tsx';
import { PanelPage } from '../ui/panel-page.tsx';
import { ApiKeys } from './api-keys.tsx';
import { ChangeEmail } from './change-email.tsx';
import { ChangePassword } from './change-password.tsx';
import { LinkedProviders } from './linked-providers.tsx';
import { Logins } from './logins.tsx';
import { SecondFactor } from './second-factor.tsx';
import { Tenants } from './tenants.tsx';

export function AccountPage() {
  const me = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => readMe(signal) });
  return (
    <PanelPage title="Account" lead={me.data?.user.email ?? 'How you sign in, and what signs in for you.'}>
      {me.error && <ErrorNotice error={me.error} onRetry={() => void me.refetch()} />}
      {me.data?.user.email_verified === false && <VerifyNotice />}
      <ChangeEmail />
      <ChangePassword />
      <SecondFactor />
      <Logins />
      <LinkedProviders />
      <ApiKeys />
      <Tenants />
    </PanelPage>
  );
}

function VerifyNotice() {
  const send = useMutation({
    mutationFn: sendVerification,
    onError: (error) => notifyError('The mail was not sent', error),
  });
  return (
    <Alert variant="light" color="yellow" title="Your email address is not verified">
      {send.isSuccess ? (
        'The mail is on its way.'
      ) : (
        <Button size="xs" variant="default" mt={4} loading={send.isPending} onClick={() => send.mutate()}>
          Send the link again
        </Button>
      )}
    </Alert>
  );
}
