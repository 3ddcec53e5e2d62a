import { Anchor, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, Navigate, useLocation } from 'react-router';
import { challengeIn, finishProvider } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { AuthPage } from './auth-page.tsx';
import { SecondFactorStep } from './second-factor-step.tsx';
import { useCredentials } from './use-credentials.ts';

/** Where a provider leads back to. */
export function ProviderCallback() {
  const { search } = useLocation();
  const [query] = useState(() => new URLSearchParams(search));
  const { mutate, error, reset } = useMutation({ mutationFn: finishProvider });
  useEffect(() => {
    // The address is as good as a password for a moment: it leaves the history before it is used.
    history.replaceState(null, '', '/sign-in/callback');
    if (query.has('state')) mutate(query);
  }, [query, mutate]);
  if (useCredentials() !== null) return <Navigate to="/" replace />;
  if (!query.has('state')) return <Navigate to="/sign-in" replace />;
  const challenge = challengeIn(error);
  if (challenge) return <SecondFactorStep challenge={challenge} onBack={reset} />;
  return (
    <AuthPage
      title={error ? 'You are not signed in' : 'Signing you in'}
      lead={error ? 'The sign-in did not come to its end.' : 'One moment.'}
      footer={
        <Anchor component={Link} to="/sign-in" inherit>
          Back to sign in
        </Anchor>
      }
    >
      <Text component="div" mt="md">
        {error && <ErrorNotice error={error} />}
      </Text>
    </AuthPage>
  );
}
