import { ActionIcon, Badge, Menu, NativeSelect } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { KebabHorizontalIcon } from '@primer/octicons-react';
import { useMutation } from '@tanstack/react-query';
import { changeMember, type Member, removeMember } from '../api/account.ts';
import type { Role } from '../api/types.ts';
import { queryClient } from '../app/query-client.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { notifyError } from '../ui/notify.tsx';
import classes from '../ui/panel-page.module.css';
import { memberKeys, rolesUpTo } from './queries.ts';

export function MemberRow({ member }: { member: Member }) {
  const credentials = useCredentials();
  const [removing, { open, close }] = useDisclosure(false);
  const refresh = () => queryClient.invalidateQueries({ queryKey: memberKeys.members });
  const change = useMutation({
    mutationFn: (wanted: { role?: Role; is_active?: boolean }) => changeMember(member.id, wanted),
    onError: (error) => notifyError('The member was not changed', error),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => removeMember(member.id),
    onError: (error) => notifyError('The member was not removed', error),
    onSettled: () => {
      close();
      return refresh();
    },
  });
  const name = member.full_name || member.username || member.email;
  const roles = rolesUpTo(credentials?.tenant.role ?? 'viewer');
  const isMine = member.id === credentials?.user.id;
  const mayChange = roles.includes(member.role) && !isMine;
  return (
    <li className={classes.row}>
      <div className={classes.body}>
        <p className={classes.title}>
          <bdi>{name}</bdi> {isMine && '(you)'}
        </p>
        <p className={classes.meta}>{member.email}</p>
      </div>
      {!member.is_active && (
        <Badge variant="light" color="gray" radius="sm">
          No access
        </Badge>
      )}
      {mayChange ? (
        <NativeSelect
          aria-label={`Role of ${name}`}
          size="xs"
          data={[...roles]}
          value={member.role}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ role: event.currentTarget.value as Role })}
        />
      ) : (
        <span className={classes.meta}>{member.role}</span>
      )}
      {mayChange && (
        <Menu position="bottom-end" width={170} shadow="md">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${name}`}>
              <KebabHorizontalIcon size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => change.mutate({ is_active: !member.is_active })}>
              {member.is_active ? 'Take access away' : 'Give access back'}
            </Menu.Item>
            <Menu.Item color="red" onClick={open}>
              Remove
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <ConfirmDialog
        opened={removing}
        title="Remove this member?"
        confirm="Remove"
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
        onClose={close}
      >
        {name} loses access at once, and their API keys of this tenant end. What they made stays.
      </ConfirmDialog>
    </li>
  );
}
