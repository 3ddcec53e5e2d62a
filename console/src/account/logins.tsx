import { Badge, Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { endLogin, endOtherLogins, type Login, listLogins } from '../api/account.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { formatDay } from '../ui/format.ts';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { deviceName } from './device-name.ts';
import { accountKeys, refresh } from './queries.ts';

export function Logins() {
  const logins = useQuery({ queryKey: accountKeys.logins, queryFn: ({ signal }) => listLogins(signal) });
  const endAll = useMutation({
    mutationFn: endOtherLogins,
    onError: (error) => notifyError('They were not signed out', error),
    onSettled: () => refresh(accountKeys.logins),
  });
  const rows = [...(logins.data?.data ?? [])].reverse();
  return (
    <PanelSection
      title="Signed in"
      lead="Where you are signed in now. Signing one out counts at once."
      action={
        rows.length > 1 && (
          <Button size="xs" variant="default" loading={endAll.isPending} onClick={() => endAll.mutate()}>
            Sign out all others
          </Button>
        )
      }
    >
      {logins.error && <ErrorNotice error={logins.error} onRetry={() => void logins.refetch()} />}
      <ul className={classes.list}>
        {rows.map((login) => (
          <LoginRow key={login.id} login={login} />
        ))}
      </ul>
    </PanelSection>
  );
}

function LoginRow({ login }: { login: Login }) {
  const end = useMutation({
    mutationFn: () => endLogin(login.id),
    onError: (error) => notifyError('It was not signed out', error),
    onSettled: () => refresh(accountKeys.logins),
  });
  const used = formatDay(new Date(login.last_used_at ?? login.created_at), new Date());
  const device = deviceName(login.user_agent);
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.title}>{device}</p>
        <p className={classes.meta}>
          {[login.address, login.tenant.name, `last used ${used}`].filter(Boolean).join(' · ')}
        </p>
      </div>
      {login.current ? (
        <Badge variant="light" radius="sm">
          This one
        </Badge>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          loading={end.isPending}
          aria-label={`Sign out ${device}`}
          onClick={() => end.mutate()}
        >
          Sign out
        </Button>
      )}
    </li>
  );
}
