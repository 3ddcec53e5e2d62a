import { ActionIcon, Tooltip } from '@mantine/core';
import { ChevronLeftIcon, ChevronRightIcon } from '@primer/octicons-react';
import { use, useEffect, useRef } from 'react';
import classes from './branch-switch.module.css';
import { ConversationActions } from './conversation-actions.ts';
import type { Place } from './conversation-items.ts';

type Props = { place: Place; of: 'question' | 'answer' };

/** Goes between the versions of a question or an answer: "2 / 3". Nothing where there is one. */
export function BranchSwitch({ place: { id, siblings }, of }: Props) {
  const actions = use(ConversationActions);
  const previous = useRef<HTMLButtonElement>(null);
  const next = useRef<HTMLButtonElement>(null);
  const at = siblings.indexOf(id);
  const last = siblings.length - 1;
  useEffect(() => {
    const towards = actions?.takeFocus(id);
    if (!towards) return;
    // At the end of the row its button is not there to be focused.
    const isAtEnd = towards === 'next' ? at === last : at === 0;
    (isAtEnd === (towards === 'next') ? previous : next).current?.focus();
  }, [actions, id, at, last]);
  if (siblings.length < 2 || at < 0) return null;

  const button = (towards: 'previous' | 'next') => {
    const isNext = towards === 'next';
    const target = siblings[isNext ? at + 1 : at - 1];
    const label = `${isNext ? 'Next' : 'Previous'} version of the ${of}`;
    return (
      <Tooltip label={label}>
        <ActionIcon
          ref={isNext ? next : previous}
          className={classes.step ?? ''}
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={label}
          disabled={!actions || actions.isPaused || target === undefined}
          onClick={() => target !== undefined && actions?.turn(target, towards)}
        >
          {isNext ? <ChevronRightIcon size={14} /> : <ChevronLeftIcon size={14} />}
        </ActionIcon>
      </Tooltip>
    );
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: no form, so no fieldset
    <div className={classes.switch} role="group" aria-label={`Version ${at + 1} of ${last + 1} of the ${of}`}>
      {button('previous')}
      <span className={classes.count}>
        {at + 1} / {last + 1}
      </span>
      {button('next')}
    </div>
  );
}
