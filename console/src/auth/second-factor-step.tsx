import { Anchor, Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { enrolAtSignIn, passSecondFactor, type SecondFactorChallenge } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './auth-page.module.css';
import { AuthPage } from './auth-page.tsx';
import { EnrolmentSecret } from './enrolment-secret.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';
import { textField, useAuthForm } from './use-auth-form.ts';

type Props = { challenge: SecondFactorChallenge; onBack: () => void };

/** The second step of signing in. Where a tenant asks for a second factor and there is none, it is set up here. */
export function SecondFactorStep({ challenge, onBack }: Props) {
  const [passed, setPassed] = useState<{ codes: string[]; go: () => void } | null>(null);
  const form = useAuthForm(['code'], async (values) => {
    const { recoveryCodes, go } = await passSecondFactor(challenge.challenge, textField(values, 'code').trim());
    if (recoveryCodes === null) go();
    else setPassed({ codes: recoveryCodes, go });
  });
  if (passed) {
    return (
      <AuthPage
        title="Keep these codes"
        lead="Each lets you in once, should you lose your authenticator."
        footer={null}
      >
        <div className={classes.form}>
          <RecoveryCodes codes={passed.codes} />
          <Button fullWidth onClick={passed.go}>
            I have kept them
          </Button>
        </div>
      </AuthPage>
    );
  }
  return (
    <AuthPage
      title={challenge.enrolment ? 'Set up a second factor' : 'Second factor'}
      lead={
        challenge.enrolment
          ? 'This tenant asks for one. Add Parley to your authenticator, then type its code.'
          : 'Type the code of your authenticator, or one of your recovery codes.'
      }
      footer={
        <Anchor component="button" type="button" inherit onClick={onBack}>
          Back to sign in
        </Anchor>
      }
    >
      <form className={classes.form} ref={form.formRef} onSubmit={form.onSubmit}>
        {form.error && <ErrorNotice error={form.error} />}
        {challenge.enrolment && <Enrolling challenge={challenge.challenge} />}
        <TextInput
          label="Code"
          name="code"
          autoComplete="one-time-code"
          inputMode={challenge.enrolment ? 'numeric' : 'text'}
          required
          withAsterisk={false}
          autoFocus
          error={form.fieldError('code')}
        />
        <Button type="submit" loading={form.busy} fullWidth>
          Sign in
        </Button>
      </form>
    </AuthPage>
  );
}

function Enrolling({ challenge }: { challenge: string }) {
  const enrolment = useQuery({
    queryKey: ['enrolment', challenge],
    queryFn: () => enrolAtSignIn(challenge),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (enrolment.error) return <ErrorNotice error={enrolment.error} />;
  return enrolment.data ? <EnrolmentSecret enrolment={enrolment.data} /> : null;
}
