import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router';
import { deleteFact, type Fact } from '../api/memory.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { formatDay } from '../ui/format.ts';
import { notifyError } from '../ui/notify.tsx';
import panel from '../ui/panel-page.module.css';
import { FactForm } from './fact-form.tsx';
import classes from './memory.module.css';
import { refreshMemory } from './queries.ts';

const ORIGINS = { rule: 'You said so', model: 'A model read it in', person: 'You wrote it down' } as const;

export function FactRow({ fact, readOnly }: { fact: Fact; readOnly: boolean }) {
  const { sentence, valid_to: end } = fact;
  return (
    <li className={panel.row}>
      <div className={panel.body}>
        <p className={end === null ? panel.title : `${panel.title} ${classes.past}`}>
          <bdi>{sentence}</bdi>
        </p>
        <p className={panel.meta}>{times(fact)}</p>
        <FactSource fact={fact} />
      </div>
      {!readOnly && <Actions fact={fact} />}
    </li>
  );
}

function times({ valid_from: from, valid_to: to }: Fact): string {
  const now = new Date();
  const since = formatDay(new Date(from), now);
  return to === null ? `Since ${since}` : `${since} to ${formatDay(new Date(to), now)}: no longer holds`;
}

function FactSource({ fact: { origin, quote, message_id: memory } }: { fact: Fact }) {
  return (
    <p className={classes.quote}>
      {ORIGINS[origin]}
      {quote !== null && (
        <>
          : <q>{quote}</q>
        </>
      )}
      {memory !== null && (
        <>
          {' · '}
          <Link to={`/memory/${memory}`}>its source</Link>
        </>
      )}
    </p>
  );
}

function Actions({ fact }: { fact: Fact }) {
  const { id, sentence, valid_to: end } = fact;
  const [correcting, correction] = useDisclosure(false);
  const [deleting, deletion] = useDisclosure(false);
  const removal = useMutation({
    mutationFn: () => deleteFact(id),
    onError: (error) => notifyError('The fact was not deleted', error),
    onSettled: () => {
      deletion.close();
      return refreshMemory();
    },
  });
  return (
    <div className={classes.actions}>
      {end === null && (
        <Button variant="subtle" size="xs" onClick={correction.open} aria-label={`Correct: ${sentence}`}>
          Correct
        </Button>
      )}
      <Button variant="subtle" size="xs" color="red" onClick={deletion.open} aria-label={`Delete: ${sentence}`}>
        Delete
      </Button>
      {correcting && <FactForm fact={fact} onClose={correction.close} />}
      <ConfirmDialog
        opened={deleting}
        title="Delete this fact?"
        confirm="Delete"
        busy={removal.isPending}
        onConfirm={() => removal.mutate()}
        onClose={deletion.close}
      >
        {sentence} What it had taken the place of holds again. The message that says so stays; forget that one, too, if
        it is to go.
      </ConfirmDialog>
    </div>
  );
}
