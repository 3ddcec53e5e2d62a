import { Alert, Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { changeEmail } from '../api/account.ts';
import { textField, useAuthForm } from '../auth/use-auth-form.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';

export function ChangeEmail() {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useAuthForm(['email', 'password'], async (values) => {
    const email = textField(values, 'email').trim();
    await changeEmail(email, textField(values, 'password'));
    form.formRef.current?.reset();
    setSentTo(email);
  });
  return (
    <PanelSection title="Email address" lead="It changes once the link at the new address is followed.">
      <form className={classes.card} ref={form.formRef} onSubmit={form.onSubmit}>
        {form.error && <ErrorNotice error={form.error} />}
        <div className={classes.fields}>
          <TextInput
            label="New email address"
            name="email"
            type="email"
            autoComplete="off"
            required
            withAsterisk={false}
            error={form.fieldError('email')}
          />
          <PasswordInput
            label="Your password"
            name="password"
            autoComplete="current-password"
            error={form.fieldError('password')}
          />
          <Button type="submit" variant="default" loading={form.busy}>
            Send the link
          </Button>
        </div>
        {sentTo !== null && (
          <Alert variant="light" color="pine" role="status">
            The link is on its way to {sentTo}.
          </Alert>
        )}
      </form>
    </PanelSection>
  );
}
