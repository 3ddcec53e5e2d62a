import { Alert, Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router';
import { verifyEmail } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './auth-page.module.css';
import { AuthPage } from './auth-page.tsx';
import { useTokenFromLink } from './token-from-link.ts';

/** By a press, not by the opening of the page: programs that look at mails open every link. */
export function VerifyEmail() {
  const token = useTokenFromLink();
  const verify = useMutation({ mutationFn: () => verifyEmail(token) });
  return (
    <AuthPage title="Verify your email address" lead="One press shows that this address is yours." footer={null}>
      <div className={classes.form}>
        {verify.error && <ErrorNotice error={verify.error} />}
        {verify.isSuccess ? (
          <>
            <Alert variant="light" color="pine" role="status">
              Your address is verified.
            </Alert>
            <Button component={Link} to="/" fullWidth>
              Go on
            </Button>
          </>
        ) : (
          <Button fullWidth loading={verify.isPending} onClick={() => verify.mutate()}>
            This address is mine
          </Button>
        )}
      </div>
    </AuthPage>
  );
}
