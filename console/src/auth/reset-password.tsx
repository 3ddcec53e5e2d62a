import { Alert, Anchor, Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { resetPassword } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './auth-page.module.css';
import { AuthPage } from './auth-page.tsx';
import { useTokenFromLink } from './token-from-link.ts';
import { textField, useAuthForm } from './use-auth-form.ts';

export function ResetPassword() {
  const token = useTokenFromLink();
  const [done, setDone] = useState(false);
  const form = useAuthForm(['password'], async (values) => {
    await resetPassword(token, textField(values, 'password'));
    setDone(true);
  });
  return (
    <AuthPage
      title="Choose a new password"
      lead="Every device that is signed in will have to sign in again."
      footer={
        <Anchor component={Link} to="/forgot-password" inherit>
          Send a new link
        </Anchor>
      }
    >
      {done ? (
        <div className={classes.form}>
          <Alert variant="light" color="pine" role="status">
            Your password is changed.
          </Alert>
          <Button component={Link} to="/sign-in" fullWidth>
            Sign in
          </Button>
        </div>
      ) : (
        <form className={classes.form} ref={form.formRef} onSubmit={form.onSubmit}>
          {form.error && <ErrorNotice error={form.error} />}
          <PasswordInput
            label="New password"
            description="8 to 128 characters"
            name="password"
            autoComplete="new-password"
            required
            withAsterisk={false}
            autoFocus
            error={form.fieldError('password')}
            aria-invalid={form.fieldError('password') !== null}
          />
          <Button type="submit" loading={form.busy} fullWidth>
            Change password
          </Button>
        </form>
      )}
    </AuthPage>
  );
}
