import { Button, Menu } from '@mantine/core';
import { DownloadIcon } from '@primer/octicons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { exportMemory } from '../api/memory.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { notifyError } from '../ui/notify.tsx';
import { PanelPage } from '../ui/panel-page.tsx';
import { saveFile } from '../ui/save-file.ts';
import { FactSection } from './facts.tsx';
import { ForgetAll } from './forget-all.tsx';
import { MemorySection } from './memories.tsx';
import classes from './memory.module.css';
import { statsQuery } from './queries.ts';

/** What is remembered about whoever is signed in: to see, search, correct, take out and delete. */
export function MemoryPage() {
  const role = useCredentials()?.tenant.role;
  const isAdmin = role === 'admin' || role === 'owner';
  const readOnly = role === 'viewer';
  return (
    <PanelPage
      title="Memory"
      lead="What Parley remembers of you. Nobody else sees what you did not share."
      action={<ExportMenu />}
    >
      <Figures />
      {isAdmin && (
        <p className={classes.note}>
          How long everybody’s memories are kept: <Link to="/retention">retention</Link>.
        </p>
      )}
      <FactSection readOnly={readOnly} />
      <MemorySection readOnly={readOnly} />
      {!readOnly && <ForgetAll />}
    </PanelPage>
  );
}

function Figures() {
  const stats = useQuery(statsQuery);
  if (stats.isError) return <ErrorNotice error={stats.error} onRetry={() => void stats.refetch()} />;
  const { memories, facts, noise_share: junk } = stats.data ?? {};
  const figures = [
    { name: 'Memories', value: memories?.toLocaleString() },
    { name: 'Facts that hold', value: facts?.toLocaleString() },
    { name: 'Small talk, never used', value: junk === undefined ? undefined : `${Math.round(junk * 100)} %` },
  ];
  return (
    <dl className={classes.figures}>
      {figures.map(({ name, value }) => (
        <div key={name} className={classes.figure}>
          <dt>{name}</dt>
          <dd>{value ?? '…'}</dd>
        </div>
      ))}
    </dl>
  );
}

function ExportMenu() {
  const save = useMutation({
    mutationFn: async (format: 'json' | 'csv') => saveFile(await exportMemory(format), `memory.${format}`),
    onError: (error) => notifyError('Your memory was not exported', error),
  });
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" leftSection={<DownloadIcon size={16} />} loading={save.isPending}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save.mutate('json')}>All of it, as JSON</Menu.Item>
        <Menu.Item onClick={() => save.mutate('csv')}>Texts, as CSV</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
