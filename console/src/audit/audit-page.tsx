import { Button, NativeSelect } from '@mantine/core';
import { DownloadIcon } from '@primer/octicons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type AuditEntry, listAudit } from '../api/account.ts';
import { problemFrom } from '../api/problem.ts';
import { authorisedFetch } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelPage } from '../ui/panel-page.tsx';
import { saveFile } from '../ui/save-file.ts';

const AREAS = [
  { value: '', label: 'Everything' },
  { value: 'login', label: 'Sign-ins' },
  { value: 'password', label: 'Passwords' },
  { value: 'second-factor', label: 'Second factors' },
  { value: 'member', label: 'Members' },
  { value: 'invitation', label: 'Invitations' },
  { value: 'api-key', label: 'API keys' },
  { value: 'service-account', label: 'Service accounts' },
];

export function AuditPage() {
  const [area, setArea] = useState('');
  const query = useInfiniteQuery({
    queryKey: ['audit', area],
    queryFn: ({ pageParam, signal }) => listAudit(area, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const entries = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <PanelPage
      title="Audit log"
      lead="What was done in this tenant that matters for security. Nothing in it can be changed."
      action={<ExportButton />}
    >
      <NativeSelect
        label="Show"
        data={AREAS}
        value={area}
        maw="14rem"
        onChange={(event) => setArea(event.currentTarget.value)}
      />
      {query.error && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && entries.length === 0 && <p className={classes.lead}>There is nothing of this kind.</p>}
      {entries.length > 0 && (
        <ul className={classes.list} aria-label="Entries">
          {entries.map((entry) => (
            <EntryRow key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </PanelPage>
  );
}

function EntryRow({ entry }: { entry: AuditEntry }) {
  const { act, actor, target, address, details, created_at } = entry;
  const who = actor.id === null ? actor.kind : `${actor.kind} ${actor.id.slice(-12)}`;
  const what = target === null ? null : `${target.kind} ${target.id.slice(-12)}`;
  const more = Object.entries(details).map(([name, value]) => `${name}: ${String(value)}`);
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.title}>{act}</p>
        <p className={classes.meta}>{[who, what, address, ...more].filter(Boolean).join(' · ')}</p>
      </div>
      <time className={classes.meta} dateTime={created_at}>
        {new Date(created_at).toLocaleString()}
      </time>
    </li>
  );
}

function ExportButton() {
  const save = useMutation({
    mutationFn: saveExport,
    onError: (error) => notifyError('The log was not exported', error),
  });
  return (
    <Button
      variant="default"
      leftSection={<DownloadIcon size={16} />}
      loading={save.isPending}
      onClick={() => save.mutate()}
    >
      Export as CSV
    </Button>
  );
}

/** Fetched, since a link could not carry the credential. */
async function saveExport(): Promise<void> {
  const response = await authorisedFetch('/v1/admin/audit/export', { query: { format: 'csv' } });
  if (!response.ok) throw await problemFrom(response);
  saveFile(await response.blob(), 'audit.csv');
}
