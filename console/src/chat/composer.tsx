import { ActionIcon, Textarea, Tooltip } from '@mantine/core';
import { ArrowUpIcon, SquareFillIcon } from '@primer/octicons-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useCredentials } from '../auth/use-credentials.ts';
import { liveRuns } from './chat-runs.ts';
import classes from './composer.module.css';
import { readDraft, saveDraft } from './drafts.ts';

type Props = {
  sessionId: string | null;
  answering: boolean;
  stopping: boolean;
  busy: boolean;
  onSend: (question: string) => void;
  onStop: () => void;
};

/** The API's own bound for one input, in characters. */
export const LONGEST_QUESTION = 32_000;

/** Soft keyboards have no Shift+Enter, so there Enter begins a line and the button sends. */
const hasKeyboard = () => !window.matchMedia('(pointer: coarse)').matches;

export function Composer({ sessionId, answering, stopping, busy, onSend, onStop }: Props) {
  const [text, setText] = useState(() => draftOf(sessionId));
  const input = useRef<HTMLTextAreaElement>(null);
  const readOnly = useCredentials()?.tenant.role === 'viewer';
  const sendable = text.trim() !== '' && !answering && !busy;

  useEffect(() => {
    if (hasKeyboard()) input.current?.focus();
  }, []);

  const edit = (value: string) => {
    setText(value);
    saveDraft(sessionId, value);
  };
  const send = () => {
    if (!sendable) return;
    onSend(text.trim());
    // In a new chat the text stays until the chat has been made: its page then has a composer of its own.
    if (sessionId === null) return;
    setText('');
    // Kept until the server has it.
    saveDraft(sessionId, text.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || !hasKeyboard()) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      className={classes.composer}
      aria-label="Ask a question"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className={classes.box}>
        <Textarea
          ref={input}
          className={classes.input}
          classNames={{ input: classes.field ?? '' }}
          variant="unstyled"
          autosize
          minRows={1}
          maxRows={9}
          dir="auto"
          aria-label="Your question"
          placeholder={readOnly ? 'Your role in this space is to read' : 'Ask about your documents'}
          disabled={readOnly}
          maxLength={LONGEST_QUESTION}
          value={text}
          onChange={(event) => edit(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {answering ? (
          <Tooltip label="Stop (Esc)">
            <ActionIcon
              className={classes.button}
              radius="xl"
              size={36}
              variant="filled"
              color="gray.8"
              aria-label="Stop answering"
              loading={stopping}
              onClick={onStop}
            >
              <SquareFillIcon size={16} />
            </ActionIcon>
          </Tooltip>
        ) : (
          <ActionIcon
            className={classes.button}
            type="submit"
            radius="xl"
            size={36}
            aria-label="Send"
            disabled={!sendable}
            loading={busy}
          >
            <ArrowUpIcon size={18} />
          </ActionIcon>
        )}
      </div>
      <p className={classes.hint}>Answers can be wrong. Check them against their sources.</p>
    </form>
  );
}

/** What is being sent is shown as a question already. */
function draftOf(sessionId: string | null): string {
  const draft = readDraft(sessionId);
  return sessionId !== null && liveRuns.get(sessionId)?.question === draft ? '' : draft;
}
