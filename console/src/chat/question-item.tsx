import { ActionIcon, Button, Group, Textarea, Tooltip, VisuallyHidden } from '@mantine/core';
import { PencilIcon } from '@primer/octicons-react';
import { type FormEvent, type KeyboardEvent, memo, use, useRef, useState } from 'react';
import { BranchSwitch } from './branch-switch.tsx';
import { LONGEST_QUESTION } from './composer.tsx';
import { ConversationActions } from './conversation-actions.ts';
import classes from './conversation-item.module.css';
import type { Place } from './conversation-items.ts';

type Props = { text: string; place: Place | null };

export const QuestionItem = memo(function QuestionItem({ text, place }: Props) {
  const [editing, setEditing] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);
  const close = () => {
    setEditing(false);
    // The pencil is there again once the form is gone.
    requestAnimationFrame(() => pencil.current?.focus());
  };
  return (
    <li className={`${classes.item} ${classes.question}`}>
      <VisuallyHidden component="h2">You</VisuallyHidden>
      {editing && place ? (
        <QuestionForm text={text} messageId={place.id} onClose={close} />
      ) : (
        <>
          <p className={classes.bubble} dir="auto">
            {text}
          </p>
          {place && (
            <div className={classes.tools}>
              <EditButton ref={pencil} onEdit={() => setEditing(true)} />
              <BranchSwitch place={place} of="question" />
            </div>
          )}
        </>
      )}
    </li>
  );
});

function EditButton({ ref, onEdit }: { ref: React.Ref<HTMLButtonElement>; onEdit: () => void }) {
  const actions = use(ConversationActions);
  if (!actions) return null;
  return (
    <Tooltip label="Edit">
      <ActionIcon
        ref={ref}
        className={classes.quiet ?? ''}
        variant="subtle"
        color="gray"
        size="sm"
        aria-label="Edit the question"
        disabled={actions.isPaused}
        onClick={onEdit}
      >
        <PencilIcon size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

type FormProps = { text: string; messageId: string; onClose: () => void };

/** The question as a form in its place; what was asked before stays as another version. */
function QuestionForm({ text, messageId, onClose }: FormProps) {
  const actions = use(ConversationActions);
  const [words, setWords] = useState(text);
  const sendable = words.trim() !== '' && actions !== null && !actions.isPaused;
  const send = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (!sendable) return;
    // The form goes with the question that it was in.
    event.currentTarget.closest('section')?.focus();
    actions.askInstead(messageId, words.trim());
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      onClose();
    } else if (event.key === 'Enter' && !event.shiftKey && !window.matchMedia('(pointer: coarse)').matches) send(event);
  };
  return (
    <form className={classes.form} aria-label="Edit the question" onSubmit={send}>
      <Textarea
        autosize
        minRows={1}
        maxRows={9}
        dir="auto"
        aria-label="The question"
        maxLength={LONGEST_QUESTION}
        value={words}
        autoFocus
        onFocus={({ currentTarget }) => currentTarget.setSelectionRange(words.length, words.length)}
        onChange={(event) => setWords(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Group justify="flex-end" gap="xs" mt="xs">
        <Button size="xs" variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button size="xs" type="submit" disabled={!sendable}>
          Send
        </Button>
      </Group>
    </form>
  );
}
