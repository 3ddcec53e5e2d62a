import { Button, PasswordInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { changePassword } from '../api/account.ts';
import { textField, useAuthForm } from '../auth/use-auth-form.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { accountKeys, refresh } from './queries.ts';

export function ChangePassword() {
  const form = useAuthForm(['password', 'new_password'], async (values) => {
    await changePassword(textField(values, 'password'), textField(values, 'new_password'));
    form.formRef.current?.reset();
    notifications.show({ title: 'Your password is changed', message: 'Your other sign-ins were ended.' });
    await refresh(accountKeys.logins);
  });
  return (
    <PanelSection title="Password" lead="Changing it signs every other device out.">
      <form className={classes.card} ref={form.formRef} onSubmit={form.onSubmit}>
        {form.error && <ErrorNotice error={form.error} />}
        <div className={classes.fields}>
          <PasswordInput
            label="Current password"
            name="password"
            autoComplete="current-password"
            error={form.fieldError('password')}
          />
          <PasswordInput
            label="New password"
            name="new_password"
            autoComplete="new-password"
            required
            withAsterisk={false}
            error={form.fieldError('new_password')}
          />
          <Button type="submit" variant="default" loading={form.busy}>
            Change
          </Button>
        </div>
      </form>
    </PanelSection>
  );
}
