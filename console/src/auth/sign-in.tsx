import { Alert, Anchor, Button, Checkbox, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useLocation } from 'react-router';
import { challengeIn, readSignInWays, signIn } from '../api/auth.ts';
import { signInExpired } from '../api/credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './auth-page.module.css';
import { AuthPage } from './auth-page.tsx';
import { useCameFrom } from './came-from.ts';
import { ProviderButtons } from './provider-buttons.tsx';
import { SecondFactorStep } from './second-factor-step.tsx';
import { textField, useAuthForm } from './use-auth-form.ts';
import { useCredentials } from './use-credentials.ts';

export function SignIn() {
  const from = useCameFrom();
  const { state } = useLocation();
  const form = useAuthForm(['email', 'password'], (values) =>
    signIn({
      email: textField(values, 'email').trim(),
      password: textField(values, 'password'),
      remember_me: values.has('remember_me'),
    }),
  );
  const ways = useQuery({ queryKey: ['sign-in-ways'], queryFn: readSignInWays, staleTime: 300_000 });
  const challenge = challengeIn(form.error);
  if (useCredentials() !== null) return <Navigate to={from} replace />;
  if (challenge) return <SecondFactorStep challenge={challenge} onBack={form.reset} />;
  return (
    <AuthPage
      title="Sign in"
      lead="Ask questions, and see where each answer comes from."
      footer={
        <>
          New here?{' '}
          <Anchor component={Link} to="/register" state={state} inherit>
            Create an account
          </Anchor>
        </>
      }
    >
      <ProviderButtons ways={ways.data} />
      <form className={classes.form} ref={form.formRef} onSubmit={form.onSubmit}>
        {signInExpired() && form.error === null && (
          <Alert variant="light" color="yellow" role="status">
            Your sign-in has run out. Sign in again to go on where you were.
          </Alert>
        )}
        {form.error && <ErrorNotice error={form.error} />}
        <TextInput
          label="Email"
          name="email"
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
          error={form.fieldError('email')}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          error={form.fieldError('password')}
          aria-invalid={form.fieldError('password') !== null}
        />
        <div className={classes.beside}>
          <Checkbox name="remember_me" label="Keep me signed in for 30 days" />
          {ways.data?.mail && (
            <Anchor component={Link} to="/forgot-password" size="sm">
              Forgot your password?
            </Anchor>
          )}
        </div>
        <Button type="submit" loading={form.busy} fullWidth>
          Sign in
        </Button>
      </form>
    </AuthPage>
  );
}
