import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { SearchIcon, XIcon } from '@primer/octicons-react';
import { useEffect, useRef, useState } from 'react';
import { type Analysis, CATEGORIES, type FindingFilter, SEVERITIES, TRIAGE } from '../api/code.ts';
import classes from './code.module.css';
import { ANY_STATUS, LONGEST_PATH, withParam } from './finding-filter.ts';
import { useChangeAddress } from './use-change-address.ts';
import { CATEGORY_WORDS, SEVERITY_WORDS, TRIAGE_WORDS } from './words.ts';

/** How long after the last key a path is looked for, ms. */
const TYPED_MS = 300;

export function FindingFilters({ analysis, filter }: { analysis: Analysis; filter: FindingFilter }) {
  const changeAddress = useChangeAddress();
  const set = (name: string) => (value: string) => changeAddress((params) => withParam(params, name, value));
  const { findings_by_severity: bySeverity, findings_by_status: byStatus, finding_count: all } = analysis;
  const counted = (label: string, count: number | undefined) => `${label} (${(count ?? 0).toLocaleString()})`;
  const status = filter.status ?? ANY_STATUS;
  return (
    // biome-ignore lint/a11y/useSemanticElements: not every browser has the search element
    <form
      role="search"
      aria-label="Filter the findings"
      className={classes.filters}
      onSubmit={(event) => event.preventDefault()}
    >
      <NativeSelect
        label="State"
        value={status}
        onChange={({ currentTarget: { value } }) => set('status')(value === 'open' ? '' : value)}
        data={[
          ...TRIAGE.map((value) => ({ value, label: counted(TRIAGE_WORDS[value], byStatus[value]) })),
          { value: ANY_STATUS, label: counted('All', all) },
        ]}
      />
      <NativeSelect
        label="Severity"
        value={filter.severity ?? ''}
        onChange={({ currentTarget: { value } }) => set('severity')(value)}
        data={[
          { value: '', label: 'All' },
          ...SEVERITIES.map((value) => ({ value, label: counted(SEVERITY_WORDS[value], bySeverity[value]) })),
        ]}
      />
      <NativeSelect
        label="Kind"
        value={filter.category ?? ''}
        onChange={({ currentTarget: { value } }) => set('category')(value)}
        data={[{ value: '', label: 'All' }, ...CATEGORIES.map((value) => ({ value, label: CATEGORY_WORDS[value] }))]}
      />
      <PathField value={filter.path ?? ''} onChange={set('path')} />
      {filter.rule && (
        <Button
          className={classes.rule ?? ''}
          variant="default"
          rightSection={<XIcon size={14} />}
          aria-label={`Show other rules than ${filter.rule}, too`}
          onClick={() => set('rule')('')}
        >
          {filter.rule}
        </Button>
      )}
    </form>
  );
}

function PathField({ value, onChange }: { value: string; onChange: (path: string) => void }) {
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  const search = useDebouncedCallback((path: string) => {
    sent.current = path.trim();
    onChange(sent.current);
  }, TYPED_MS);
  // The address may change otherwise, as when the filter is cleared; what comes back of what was typed is no news.
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setTyped(value);
  }, [value]);
  return (
    <TextInput
      className={classes.pathField ?? ''}
      label="Path"
      placeholder="Part of a path"
      leftSection={<SearchIcon size={14} />}
      maxLength={LONGEST_PATH}
      autoComplete="off"
      spellCheck={false}
      value={typed}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        search(currentTarget.value);
      }}
    />
  );
}
