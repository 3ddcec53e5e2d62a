import { ActionIcon, Drawer } from '@mantine/core';
import { XIcon } from '@primer/octicons-react';
import { useEffect, useRef } from 'react';
import type { Citation } from '../api/types.ts';
import { useNoRoomBeside } from '../ui/use-narrow.ts';
import { Passage } from './passage.tsx';
import classes from './passage-panel.module.css';

type Props = { citation: Citation | null; onClose: () => void };

/** The passage behind a citation: beside the chat where there is room, else over it. */
export function PassagePanel({ citation, onClose }: Props) {
  const over = useNoRoomBeside();
  if (over) {
    return (
      <Drawer.Root
        opened={citation !== null}
        onClose={onClose}
        position="right"
        size="min(30rem, 100%)"
        lockScroll={false}
      >
        <Drawer.Overlay />
        <Drawer.Content aria-label="Source">
          {citation && <PanelContent citation={citation} onClose={onClose} />}
        </Drawer.Content>
      </Drawer.Root>
    );
  }
  return citation && <SidePanel citation={citation} onClose={onClose} />;
}

type PanelProps = { citation: Citation; onClose: () => void };

/** Takes the focus when it opens and gives it back to the chip that opened it. */
function SidePanel({ citation, onClose }: PanelProps) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    panel.current?.focus();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <aside className={classes.side} ref={panel} tabIndex={-1} aria-label="Source">
      <PanelContent citation={citation} onClose={onClose} />
    </aside>
  );
}

function PanelContent({ citation, onClose }: PanelProps) {
  return (
    <div className={classes.content}>
      <div className={classes.bar}>
        <span>Source {citation.number}</span>
        <ActionIcon variant="subtle" color="gray" aria-label="Close the source" onClick={onClose}>
          <XIcon size={16} />
        </ActionIcon>
      </div>
      <Passage key={`${citation.chunk_id} ${citation.span.start}`} citation={citation} />
    </div>
  );
}
