import { Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import classes from './panel-page.module.css';
import { useTitle } from './use-title.ts';

type Props = { title: string; lead: string; back?: ReactNode; action?: ReactNode; children: ReactNode };

/** A page of settings or lists. */
export function PanelPage({ title, lead, back, action, children }: Props) {
  useTitle(title);
  return (
    <div className={classes.page}>
      <div className={classes.column}>
        {back}
        <header className={classes.header}>
          <div className={classes.heading}>
            <Title order={1} size="h3" dir="auto">
              {title}
            </Title>
            <p className={classes.lead}>{lead}</p>
          </div>
          {action}
        </header>
        {children}
      </div>
    </div>
  );
}

type SectionProps = { title: string; lead?: string; action?: ReactNode; children: ReactNode };

export function PanelSection({ title, lead, action, children }: SectionProps) {
  const id = useId();
  return (
    <section className={classes.section} aria-labelledby={id}>
      <div className={classes.header}>
        <div>
          <Title order={2} size="h5" id={id}>
            {title}
          </Title>
          {lead && <p className={classes.lead}>{lead}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}
