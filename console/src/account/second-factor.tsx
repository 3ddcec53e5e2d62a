import { Badge, Button, PasswordInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { beginSecondFactor, confirmSecondFactor, readSecondFactor, removeSecondFactor } from '../api/account.ts';
import type { Enrolment } from '../api/auth.ts';
import { EnrolmentSecret } from '../auth/enrolment-secret.tsx';
import { RecoveryCodes } from '../auth/recovery-codes.tsx';
import { textField, useAuthForm } from '../auth/use-auth-form.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { accountKeys, refresh } from './queries.ts';

export function SecondFactor() {
  const state = useQuery({ queryKey: accountKeys.secondFactor, queryFn: ({ signal }) => readSecondFactor(signal) });
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const enabled = state.data?.enabled === true;
  const confirmed = async (recoveryCodes: string[]) => {
    setCodes(recoveryCodes);
    setEnrolment(null);
    await refresh(accountKeys.secondFactor);
  };
  return (
    <PanelSection
      title="Second factor"
      lead="A code of an authenticator on your phone, besides the password."
      action={
        enabled && (
          <Badge variant="light" radius="sm">
            On · {state.data?.recovery_codes_left} recovery codes left
          </Badge>
        )
      }
    >
      {state.error && <ErrorNotice error={state.error} onRetry={() => void state.refetch()} />}
      {codes && (
        <div className={classes.card}>
          <p className={classes.lead}>
            Keep these codes. Each lets you in once, should you lose your authenticator; they are shown this once.
          </p>
          <RecoveryCodes codes={codes} />
        </div>
      )}
      {state.data && !enabled && !enrolment && <Begin onBegun={setEnrolment} />}
      {enrolment && <Confirm enrolment={enrolment} onConfirmed={confirmed} />}
      {enabled && <Remove onRemoved={() => setCodes(null)} />}
    </PanelSection>
  );
}

function Begin({ onBegun }: { onBegun: (enrolment: Enrolment) => void }) {
  const form = useAuthForm(['password'], async (values) =>
    onBegun(await beginSecondFactor(textField(values, 'password'))),
  );
  return (
    <form className={classes.card} ref={form.formRef} onSubmit={form.onSubmit}>
      {form.error && <ErrorNotice error={form.error} />}
      <div className={classes.fields}>
        <PasswordInput
          label="Your password"
          name="password"
          autoComplete="current-password"
          error={form.fieldError('password')}
        />
        <Button type="submit" variant="default" loading={form.busy}>
          Set up
        </Button>
      </div>
    </form>
  );
}

type ConfirmProps = { enrolment: Enrolment; onConfirmed: (codes: string[]) => Promise<void> };

function Confirm({ enrolment, onConfirmed }: ConfirmProps) {
  const form = useAuthForm(['code'], async (values) => {
    const { recovery_codes } = await confirmSecondFactor(textField(values, 'code').trim());
    await onConfirmed(recovery_codes);
  });
  return (
    <form className={classes.card} ref={form.formRef} onSubmit={form.onSubmit}>
      {form.error && <ErrorNotice error={form.error} />}
      <EnrolmentSecret enrolment={enrolment} />
      <div className={classes.fields}>
        <TextInput
          label="Code of your authenticator"
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          withAsterisk={false}
          error={form.fieldError('code')}
        />
        <Button type="submit" loading={form.busy}>
          Turn on
        </Button>
      </div>
    </form>
  );
}

function Remove({ onRemoved }: { onRemoved: () => void }) {
  const form = useAuthForm(['code'], async (values) => {
    await removeSecondFactor(textField(values, 'code').trim());
    onRemoved();
    await refresh(accountKeys.secondFactor);
  });
  return (
    <form className={classes.card} ref={form.formRef} onSubmit={form.onSubmit}>
      {form.error && <ErrorNotice error={form.error} />}
      <div className={classes.fields}>
        <TextInput
          label="Code, or a recovery code"
          name="code"
          autoComplete="one-time-code"
          required
          withAsterisk={false}
          error={form.fieldError('code')}
        />
        <Button type="submit" variant="default" loading={form.busy}>
          Turn off
        </Button>
      </div>
    </form>
  );
}
