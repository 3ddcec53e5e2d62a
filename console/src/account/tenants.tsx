import { Badge, Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { listTenants } from '../api/account.ts';
import { switchTenant } from '../api/auth.ts';
import { queryClient } from '../app/query-client.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelSection } from '../ui/panel-page.tsx';
import { accountKeys } from './queries.ts';

/** Where there is more than one. */
export function Tenants() {
  const current = useCredentials()?.tenant.id;
  const tenants = useQuery({ queryKey: accountKeys.tenants, queryFn: ({ signal }) => listTenants(signal) });
  const go = useMutation({
    mutationFn: switchTenant,
    // Nothing of one tenant may be shown in another.
    onSuccess: () => queryClient.clear(),
    onError: (error) => notifyError('You are still where you were', error),
  });
  const rows = tenants.data?.data ?? [];
  if (rows.length < 2) return null;
  return (
    <PanelSection title="Tenants" lead="Spaces that you are a member of.">
      <ul className={classes.list}>
        {rows.map(({ id, slug, name, role }) => (
          <li key={id} className={classes.row}>
            <div className={classes.body}>
              <p className={classes.title}>{name}</p>
              <p className={classes.meta}>{role}</p>
            </div>
            {id === current ? (
              <Badge variant="light" radius="sm">
                Here
              </Badge>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                loading={go.isPending && go.variables === slug}
                aria-label={`Go to ${name}`}
                onClick={() => go.mutate(slug)}
              >
                Go there
              </Button>
            )}
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}
