import { Button } from '@mantine/core';
import { KeyIcon, MarkGithubIcon } from '@primer/octicons-react';
import { useMutation } from '@tanstack/react-query';
import { beginProvider, type SignInWays } from '../api/auth.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from './provider-buttons.module.css';

/** Signing in where one has an account already; nothing where none is configured. */
export function ProviderButtons({ ways }: { ways: SignInWays | undefined }) {
  const begin = useMutation({ mutationFn: beginProvider });
  if (!ways || ways.data.length === 0) return null;
  return (
    <div className={classes.providers}>
      {begin.error && <ErrorNotice error={begin.error} />}
      {ways.data.map(({ name, label }) => (
        <Button
          key={name}
          variant="default"
          fullWidth
          leftSection={name === 'github' ? <MarkGithubIcon size={16} /> : <KeyIcon size={16} />}
          loading={begin.isPending && begin.variables === name}
          onClick={() => begin.mutate(name)}
        >
          Continue with {label}
        </Button>
      ))}
      <p className={classes.or}>or</p>
    </div>
  );
}
