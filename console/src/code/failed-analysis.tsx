import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { AlertIcon } from '@primer/octicons-react';
import type { AnalysisSummary, Repository } from '../api/code.ts';
import { EditRepository } from './edit-repository.tsx';
import { adviceFor } from './fault-advice.ts';
import { useCodePermissions } from './use-permissions.ts';

type Props = { repository: Repository; analysis: AnalysisSummary };

/** Why an analysis failed, and what can be done about it. */
export function FailedAnalysis({ repository, analysis }: Props) {
  const { error, created_at, id } = analysis;
  const [editing, { open, close }] = useDisclosure(false);
  const { work, change } = useCodePermissions();
  const advice = adviceFor(error?.code);
  return (
    <Alert
      variant="light"
      color="red"
      radius="md"
      icon={<AlertIcon size={16} />}
      title={`The analysis of ${new Date(created_at).toLocaleString()} failed`}
    >
      <Text size="sm">{error?.detail ?? 'It ended without a result.'}</Text>
      {work && (
        <Text size="sm" mt={4}>
          {advice.text}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {error?.code} · Analysis <Code fz="xs">{id}</Code>
      </Text>
      {advice.edit && change(repository) && repository.kind === 'git' && (
        <Group gap="xs" mt="sm">
          <Button size="xs" variant="default" onClick={open}>
            Edit the repository
          </Button>
        </Group>
      )}
      {editing && <EditRepository repository={repository} onClose={close} />}
    </Alert>
  );
}
