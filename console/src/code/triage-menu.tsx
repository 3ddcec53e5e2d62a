import { Button, Group, Menu, Modal, NativeSelect, Stack, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { NoteIcon, TriangleDownIcon } from '@primer/octicons-react';
import { type FormEvent, useState } from 'react';
import { type Finding, TRIAGE, type TriageStatus } from '../api/code.ts';
import classes from './code.module.css';
import type { Triage } from './use-triage.ts';
import { placeWords, TRIAGE_MEANINGS, TRIAGE_WORDS } from './words.ts';

type Props = { finding: Finding; triage: Triage };

const isStatus = (value: string): value is TriageStatus => TRIAGE.some((known) => known === value);

/** What a finding is worth: one press for the state, or a note with it. */
export function TriageMenu({ finding, triage }: Props) {
  const { status, note, path, line } = finding;
  const [noting, { open, close }] = useDisclosure(false);
  return (
    <>
      <Menu position="bottom-end" width={260} shadow="md">
        <Menu.Target>
          <Button
            className={classes.triage ?? ''}
            size="xs"
            variant="default"
            rightSection={<TriangleDownIcon size={14} />}
            ref={triage.target}
            // Not disabled meanwhile: the focus would be lost.
            aria-busy={triage.busy}
            aria-label={`${TRIAGE_WORDS[status]}: judge ${placeWords(path, line)}`}
          >
            {TRIAGE_WORDS[status]}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.RadioGroup
            value={status}
            onChange={(value) => {
              if (isStatus(value) && value !== status) void triage.judge({ status: value, note });
            }}
          >
            {TRIAGE.map((value) => (
              <Menu.RadioItem key={value} value={value} closeMenuOnClick>
                {TRIAGE_WORDS[value]}
                <Text component="span" size="xs" c="dimmed" display="block">
                  {TRIAGE_MEANINGS[value]}
                </Text>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item leftSection={<NoteIcon size={14} />} onClick={open}>
            {note ? 'Change the note' : 'With a note'}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {noting && <JudgeDialog finding={finding} triage={triage} onClose={close} />}
    </>
  );
}

const LONGEST_NOTE = 2_000;

function JudgeDialog({ finding, triage, onClose }: Props & { onClose: () => void }) {
  const [status, setStatus] = useState<TriageStatus>(finding.status);
  const [note, setNote] = useState(finding.note ?? '');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await triage.judge({ status, note: note.trim() || null })) onClose();
  };
  return (
    <Modal opened onClose={onClose} title="Judge this finding" radius="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            It holds for this finding in every analysis of the repository, later ones, too.
          </Text>
          <NativeSelect
            label="State"
            description={TRIAGE_MEANINGS[status]}
            value={status}
            data={TRIAGE.map((value) => ({ value, label: TRIAGE_WORDS[value] }))}
            onChange={({ currentTarget: { value } }) => isStatus(value) && setStatus(value)}
            data-autofocus
          />
          <Textarea
            label="Note"
            description="Why, for whoever looks next."
            rows={4}
            maxLength={LONGEST_NOTE}
            dir="auto"
            value={note}
            onChange={({ currentTarget }) => setNote(currentTarget.value)}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={triage.busy}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
