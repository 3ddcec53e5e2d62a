import { Anchor, Button, PasswordInput, TextInput } from '@mantine/core';
import { Link, Navigate, useLocation } from 'react-router';
import { register } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './auth-page.module.css';
import { AuthPage } from './auth-page.tsx';
import { useCameFrom } from './came-from.ts';
import { textField, useAuthForm } from './use-auth-form.ts';
import { useCredentials } from './use-credentials.ts';

export function Register() {
  const from = useCameFrom();
  const { state } = useLocation();
  const form = useAuthForm(['full_name', 'email', 'password'], (values) => {
    const name = textField(values, 'full_name').trim();
    return register({
      email: textField(values, 'email').trim(),
      password: textField(values, 'password'),
      ...(name === '' ? {} : { full_name: name }),
    });
  });
  if (useCredentials() !== null) return <Navigate to={from} replace />;
  return (
    <AuthPage
      title="Create an account"
      lead="You get a space of your own: your chats and documents are visible to nobody else."
      footer={
        <>
          Have an account?{' '}
          <Anchor component={Link} to="/sign-in" state={state} inherit>
            Sign in
          </Anchor>
        </>
      }
    >
      <form className={classes.form} ref={form.formRef} onSubmit={form.onSubmit}>
        {form.error && <ErrorNotice error={form.error} />}
        <TextInput
          label="Name"
          description="Optional"
          name="full_name"
          autoComplete="name"
          error={form.fieldError('full_name')}
        />
        <TextInput
          label="Email"
          name="email"
          type="email"
          autoComplete="email"
          required
          withAsterisk={false}
          error={form.fieldError('email')}
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
          Create account
        </Button>
      </form>
    </AuthPage>
  );
}
