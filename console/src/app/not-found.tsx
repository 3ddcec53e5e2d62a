import { Button, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { useTitle } from '../ui/use-title.ts';
import classes from './message-page.module.css';

export function NotFound() {
  useTitle('Not found');
  return (
    <div className={classes.page}>
      <Title order={1} size="h3">
        There is no such page
      </Title>
      <Text c="dimmed">The address may be mistyped, or what it showed was deleted.</Text>
      <Button component={Link} to="/">
        New chat
      </Button>
    </div>
  );
}
