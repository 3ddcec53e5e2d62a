import { Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Brand } from '../ui/brand.tsx';
import { useTitle } from '../ui/use-title.ts';
import classes from './auth-page.module.css';

type Props = { title: string; lead: string; children: ReactNode; footer: ReactNode };

export function AuthPage({ title, lead, children, footer }: Props) {
  useTitle(title);
  return (
    <main className={classes.page}>
      <div className={classes.column}>
        <Brand size={28} />
        <div className={classes.card}>
          <Title order={1} size="h3">
            {title}
          </Title>
          <Text size="sm" c="dimmed" mt={4}>
            {lead}
          </Text>
          {children}
        </div>
        <Text size="sm" c="dimmed">
          {footer}
        </Text>
      </div>
    </main>
  );
}
