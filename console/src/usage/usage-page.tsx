import { Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCredentials } from '../auth/use-credentials.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { PageLoading } from '../ui/page-loading.tsx';
import { useTitle } from '../ui/use-title.ts';
import { Budgets } from './budgets.tsx';
import { DayChart } from './day-chart.tsx';
import { ModelTable } from './model-table.tsx';
import { formatUsd } from './money.ts';
import { lastDays, usageQuery } from './queries.ts';
import { TopSessions } from './top-sessions.tsx';
import classes from './usage-page.module.css';

/** What was spent: for admins by the whole workspace, for everybody else by themselves. */
export function UsagePage() {
  useTitle('Usage');
  const role = useCredentials()?.tenant.role;
  const isAdmin = role === 'admin' || role === 'owner';
  const [days] = useState(() => lastDays(new Date()));
  const byDay = useQuery(usageQuery('day', days[0] ?? ''));
  return (
    <div className={classes.page}>
      <div className={classes.column}>
        <header>
          <Title order={1} size="h3">
            Usage
          </Title>
          <p className={classes.lead}>
            {isAdmin ? 'What the models of this workspace cost.' : 'What your own questions cost.'} Days and months are
            those of UTC.
          </p>
        </header>
        {byDay.isError && <ErrorNotice error={byDay.error} onRetry={() => void byDay.refetch()} />}
        {byDay.isPending && <PageLoading />}
        {byDay.isSuccess && (
          <>
            <Spent days={days} costs={costsOf(byDay.data.data)} />
            <DayChart days={days} costs={costsOf(byDay.data.data)} />
          </>
        )}
        {isAdmin && <Budgets />}
        <ModelTable from={days[0] ?? ''} />
        <TopSessions />
      </div>
    </div>
  );
}

function costsOf(rows: readonly { day?: string; cost_usd: number }[]): ReadonlyMap<string, number> {
  return new Map(rows.map(({ day = '', cost_usd }) => [day, cost_usd]));
}

function Spent({ days, costs }: { days: readonly string[]; costs: ReadonlyMap<string, number> }) {
  const today = days.at(-1) ?? '';
  const sum = (of: readonly string[]) => of.reduce((total, day) => total + (costs.get(day) ?? 0), 0);
  const figures = [
    { name: 'Today', value: sum([today]) },
    { name: 'This month', value: sum(days.filter((day) => day.startsWith(today.slice(0, 7)))) },
  ];
  return (
    <dl className={classes.figures}>
      {figures.map(({ name, value }) => (
        <div key={name} className={classes.figure}>
          <dt>{name}</dt>
          <dd>{formatUsd(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
