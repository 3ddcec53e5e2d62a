import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ErrorNotice } from '../ui/error-notice.tsx';
import classes from '../ui/panel-page.module.css';
import { PanelPage, PanelSection } from '../ui/panel-page.tsx';
import { Invitations } from './invitations.tsx';
import { MemberRow } from './member-row.tsx';
import { membersQuery } from './queries.ts';

export function MembersPage() {
  const query = useInfiniteQuery(membersQuery);
  const members = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <PanelPage title="Members" lead="Who is in this tenant, and what they may do.">
      <Invitations />
      <PanelSection title="Members">
        {query.error && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        <ul className={classes.list}>
          {members.map((member) => (
            <MemberRow key={member.id} member={member} />
          ))}
        </ul>
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
      </PanelSection>
    </PanelPage>
  );
}
