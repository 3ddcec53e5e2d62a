import { VisuallyHidden } from '@mantine/core';
import { useCallback, useState } from 'react';
import type { Finding } from '../api/code.ts';
import panel from '../ui/panel-page.module.css';
import { FindingRow } from './finding-row.tsx';
import { placeWords, TRIAGE_WORDS } from './words.ts';

type Props = { label: string; findings: readonly Finding[]; root: string | null; readOnly?: boolean };

/** Findings, each to be judged where it stands. */
export function FindingList({ label, findings, root, readOnly = false }: Props) {
  const [said, setSaid] = useState('');
  // The same at each drawing: hundreds of rows are then left as they are.
  const say = useCallback(
    ({ status, path, line }: Finding) => setSaid(`${placeWords(path, line)}: ${TRIAGE_WORDS[status]}`),
    [],
  );
  return (
    <>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      <ul className={panel.list} aria-label={label}>
        {findings.map((finding) => (
          <FindingRow key={finding.id} finding={finding} root={root} readOnly={readOnly} onJudged={say} />
        ))}
      </ul>
    </>
  );
}
