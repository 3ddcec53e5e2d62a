import { ActionIcon, Badge, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { HistoryIcon, KebabHorizontalIcon, PencilIcon, TrashIcon } from '@primer/octicons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Memory } from '../api/memory.ts';
import { formatDay } from '../ui/format.ts';
import panel from '../ui/panel-page.module.css';
import { CorrectMemory } from './correct-memory.tsx';
import { DeleteMemory } from './delete-memory.tsx';
import classes from './memory.module.css';

export type ShownMemory = Pick<
  Memory,
  'id' | 'content' | 'role' | 'created_at' | 'session_id' | 'scope' | 'noise' | 'archived' | 'version'
>;
type Props = { memory: ShownMemory; readOnly: boolean; children?: ReactNode };

const SPEAKERS = { user: 'You', assistant: 'Parley', system: 'System' } as const;

export function MemoryRow({ memory, readOnly, children }: Props) {
  const { id, content, scope, archived, noise } = memory;
  return (
    <li className={panel.row}>
      <div className={panel.body}>
        <p className={classes.text} dir="auto">
          {content}
        </p>
        <p className={panel.meta}>
          <MemorySource memory={memory} />
        </p>
        {children}
      </div>
      {scope === 'shared' && <Mark text="Shared" />}
      {archived && <Mark text="Archived" />}
      {noise !== null && <Mark text="Small talk" />}
      <RowMenu id={id} content={content} readOnly={readOnly} />
    </li>
  );
}

function Mark({ text }: { text: string }) {
  return (
    <Badge variant="light" color="gray" radius="sm">
      {text}
    </Badge>
  );
}

/** Who said it, when, and where. */
export function MemorySource({ memory }: { memory: ShownMemory }) {
  const { role, created_at, session_id, version } = memory;
  return (
    <>
      {SPEAKERS[role]} ·{' '}
      <time dateTime={created_at} title={new Date(created_at).toLocaleString()}>
        {formatDay(new Date(created_at), new Date())}
      </time>
      {version > 1 && ' · corrected'}
      {session_id !== null && (
        <>
          {' · '}
          <Link to={`/sessions/${session_id}`}>the chat</Link>
        </>
      )}
    </>
  );
}

function RowMenu({ id, content, readOnly }: { id: string; content: string; readOnly: boolean }) {
  const [correcting, correction] = useDisclosure(false);
  const [deleting, deletion] = useDisclosure(false);
  return (
    <>
      <Menu position="bottom-end" width={170} shadow="md">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for the memory: ${content.slice(0, 60)}`}>
            <KebabHorizontalIcon size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to={`/memory/${id}`} leftSection={<HistoryIcon size={14} />}>
            Open
          </Menu.Item>
          {!readOnly && (
            <>
              <Menu.Item leftSection={<PencilIcon size={14} />} onClick={correction.open}>
                Correct
              </Menu.Item>
              <Menu.Item leftSection={<TrashIcon size={14} />} color="red" onClick={deletion.open}>
                Forget
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {correcting && <CorrectMemory id={id} content={content} onClose={correction.close} />}
      <DeleteMemory id={id} opened={deleting} onClose={deletion.close} />
    </>
  );
}
