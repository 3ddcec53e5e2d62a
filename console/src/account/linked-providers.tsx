import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { listLinkedProviders, unlinkProvider } from '../api/account.ts';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { accountKeys, refresh } from './queries.ts';

/** Where there is one. */
export function LinkedProviders() {
  const linked = useQuery({ queryKey: accountKeys.linked, queryFn: ({ signal }) => listLinkedProviders(signal) });
  const unlink = useMutation({
    mutationFn: unlinkProvider,
    onError: (error) => notifyError('It is still linked', error),
    onSettled: () => refresh(accountKeys.linked),
  });
  const rows = linked.data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <PanelSection title="Linked sign-ins" lead="Who else lets you in here.">
      <ul className={classes.list}>
        {rows.map(({ provider, email }) => (
          <li key={`${provider} ${email}`} className={classes.row}>
            <div className={classes.body}>
              <p className={classes.title}>{provider}</p>
              <p className={classes.meta}>{email}</p>
            </div>
            <Button
              size="compact-sm"
              variant="default"
              loading={unlink.isPending && unlink.variables === provider}
              aria-label={`Unlink ${provider}`}
              onClick={() => unlink.mutate(provider)}
            >
              Unlink
            </Button>
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}
