import { Alert, Anchor, Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { forgotPassword } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './auth-page.module.css';
import { AuthPage } from './auth-page.tsx';
import { textField, useAuthForm } from './use-auth-form.ts';

export function ForgotPassword() {
  const [sent, setSent] = useState(false);
  const form = useAuthForm(['email'], async (values) => {
    await forgotPassword(textField(values, 'email').trim());
    setSent(true);
  });
  return (
    <AuthPage
      title="Forgot your password?"
      lead="A link to choose a new one comes by mail. It is good for 30 minutes."
      footer={
        <Anchor component={Link} to="/sign-in" inherit>
          Back to sign in
        </Anchor>
      }
    >
      {sent ? (
        <Alert variant="light" color="pine" mt="md" role="status">
          If there is an account with this address, the mail is on its way. Look into spam, too.
        </Alert>
      ) : (
        <form className={classes.form} ref={form.formRef} onSubmit={form.onSubmit}>
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
          <Button type="submit" loading={form.busy} fullWidth>
            Send the link
          </Button>
        </form>
      )}
    </AuthPage>
  );
}
