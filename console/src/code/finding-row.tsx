import { Button } from '@mantine/core';
import { memo } from 'react';
import type { Finding } from '../api/code.ts';
import { formatDay } from '../ui/format.ts';
import classes from './code.module.css';
import { withParam } from './finding-filter.ts';
import { InlineCode } from './inline-code.tsx';
import { Place } from './place.tsx';
import { Severity } from './severity.tsx';
import { TriageMenu } from './triage-menu.tsx';
import { useChangeAddress } from './use-change-address.ts';
import { useMemberName } from './use-member-name.ts';
import { useCodePermissions } from './use-permissions.ts';
import { useTriage } from './use-triage.ts';
import { CATEGORY_WORDS, TRIAGE_WORDS } from './words.ts';

type Props = { finding: Finding; root: string | null; readOnly: boolean; onJudged: (finding: Finding) => void };

export const FindingRow = memo(function FindingRow({ finding, root, readOnly, onJudged }: Props) {
  const { severity, category, message, path, line, evidence, fix, verify, rule, status } = finding;
  const { work } = useCodePermissions();
  const triage = useTriage(finding, onJudged);
  return (
    <li className={classes.finding} data-settled={status !== 'open' || undefined}>
      <Severity severity={severity} />
      <div className={classes.told}>
        <p className={classes.message}>
          <InlineCode text={message} />
        </p>
        <p className={classes.quiet}>
          <Place root={root} path={path} line={line} /> · {CATEGORY_WORDS[category] ?? category} ·{' '}
          <RuleButton rule={rule} />
        </p>
        {evidence !== '' && <pre className={classes.evidence}>{evidence}</pre>}
        <p className={classes.fix}>
          <InlineCode text={fix} />
        </p>
        {verify !== null && (
          <p className={classes.quiet}>
            To see it: <code className={classes.command}>{verify}</code>
          </p>
        )}
        {(status !== 'open' || finding.note || triage.undo) && <Judged finding={finding} onUndo={triage.undo} />}
      </div>
      {work && !readOnly && <TriageMenu finding={finding} triage={triage} />}
    </li>
  );
});

/** A rule, which leads to all that it found. */
function RuleButton({ rule }: { rule: string }) {
  const changeAddress = useChangeAddress();
  return (
    <button
      type="button"
      className={classes.link}
      title="Show only what this rule found"
      onClick={() => changeAddress((params) => withParam(withParam(params, 'view', ''), 'rule', rule))}
    >
      {rule}
    </button>
  );
}

type JudgedProps = { finding: Finding; onUndo: (() => void) | null };

/** What somebody said of it, and for whoever has just said it the way back. */
function Judged({ finding: { status, note, triaged_by, triaged_at }, onUndo }: JudgedProps) {
  const name = useMemberName(triaged_by);
  const settled = status !== 'open';
  const when = triaged_at === null ? '' : `, ${formatDay(new Date(triaged_at), new Date())}`;
  return (
    <div className={classes.judged}>
      <p dir="auto">
        {(settled || note) && (
          <>
            <strong>{TRIAGE_WORDS[status]}</strong> by <bdi>{name}</bdi>
            {when}
            {note && <>: {note}</>}
          </>
        )}
      </p>
      {onUndo && (
        <Button size="compact-xs" variant="default" onClick={onUndo}>
          Undo
        </Button>
      )}
    </div>
  );
}
