import { Button, Text, Title } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import classes from './message-page.module.css';

type State = { error: Error | null };

/** The last resort: a fault in the console itself leaves a page that says so, not a blank one. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <main className={classes.page}>
        <Title order={1} size="h3">
          The page broke
        </Title>
        <Text c="dimmed">
          This is a fault in the console. Your chats and documents are safe on the server; loading the page again
          usually helps.
        </Text>
        <Text ff="monospace" size="xs" c="dimmed">
          {this.state.error.message}
        </Text>
        <Button onClick={() => location.reload()}>Load the page again</Button>
      </main>
    );
  }
}
