import { afterEach, expect, test } from 'vitest';
import type { Analysis, Comparison, Finding, FindingFilter } from '../api/code.ts';
import { queryClient } from '../app/query-client.ts';
import { codeKeys, comparisonQuery, findingsQuery, putFinding } from './queries.ts';

const ALL: FindingFilter = { severity: null, category: null, status: null, rule: null, path: null };
const finding = (id: string, change: Partial<Finding> = {}) =>
  ({ id, analysis_id: 'a1', status: 'open', note: null, ...change }) as Finding;

afterEach(() => queryClient.clear());

test('a judged finding changes wherever it is shown, stays in its place, and is counted anew', () => {
  const [first, second] = [finding('f1'), finding('f2')];
  const lists = [ALL, { ...ALL, status: 'open' as const }].map((filter) => findingsQuery('a1', filter).queryKey);
  for (const key of lists) {
    const page = { data: [first, second], next_cursor: null, total: 2 };
    queryClient.setQueryData(key, { pages: [page], pageParams: [null] });
  }
  const other = findingsQuery('a2', ALL).queryKey;
  queryClient.setQueryData(other, { pages: [{ data: [first], next_cursor: null, total: 1 }], pageParams: [null] });
  queryClient.setQueryData(comparisonQuery('a1').queryKey, { new: [second], gone: [] } as unknown as Comparison);
  const counts = { findings_by_status: { open: 2 } } as unknown as Analysis;
  queryClient.setQueryData(codeKeys.analysis('a1'), counts);

  putFinding(second, { ...second, status: 'accepted', note: 'So be it.' });
  for (const key of lists) {
    const shown = queryClient.getQueryData(key)?.pages[0]?.data.map(({ id, status }) => `${id} ${status}`);
    expect(shown).toEqual(['f1 open', 'f2 accepted']);
    // Read anew when it is opened the next time.
    expect(queryClient.getQueryState(key)?.isInvalidated).toBe(true);
  }
  expect(queryClient.getQueryState(other)?.isInvalidated).toBe(false);
  expect(queryClient.getQueryData(comparisonQuery('a1').queryKey)?.new[0]?.note).toBe('So be it.');
  expect(queryClient.getQueryData<Analysis>(codeKeys.analysis('a1'))?.findings_by_status).toEqual({
    open: 1,
    accepted: 1,
  });
});
