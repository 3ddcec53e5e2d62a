import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { AlertIcon } from '@primer/octicons-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/problem.ts';

type Props = { error: Error; title?: string; onRetry?: (() => void) | undefined; children?: ReactNode };

/** A failure in words, with the request id when nobody expected it, so that it can be found in the server's log. */
export function ErrorNotice({ error, title, onRetry, children }: Props) {
  return (
    <Alert variant="light" color="red" radius="md" icon={<AlertIcon size={16} />} role="alert" title={title}>
      <Text size="sm">{messageOf(error)}</Text>
      <RequestId error={error} />
      {(onRetry || children) && (
        <Group gap="xs" mt="sm">
          {onRetry && (
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
          {children}
        </Group>
      )}
    </Alert>
  );
}

export function RequestId({ error }: { error: Error }) {
  if (!(error instanceof ApiError) || error.requestId === null || error.status < 500) return null;
  return (
    <Text size="xs" c="dimmed" mt={4}>
      Request <Code fz="xs">{error.requestId}</Code>
    </Text>
  );
}

export function messageOf(error: Error): string {
  if (!(error instanceof ApiError)) return 'Something went wrong in the console. Try again, or load the page again.';
  const wait = error.retryAfterSeconds;
  return wait !== null && error.status === 429 ? `${error.message} Try again in ${waitText(wait)}.` : error.message;
}

function waitText(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
