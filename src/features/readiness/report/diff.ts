import type { Report } from './report.ts';

export type Change = { check: string; before: string; after: string; kind: 'worse' | 'better' | 'other' };
export type ReportDiff = {
  before: Pick<Report, 'id' | 'started' | 'commit' | 'verdict' | 'scores'>;
  after: Pick<Report, 'id' | 'started' | 'commit' | 'verdict' | 'scores'>;
  configuration_changed: boolean;
  changes: readonly Change[];
};

/** The later it stands, the worse it is. */
const ORDER = ['pass', 'not applicable', 'absent', 'not run', 'expired', 'fail'];

export function diffReports(before: Report, after: Report): ReportDiff {
  const outcomes = (report: Report) =>
    new Map<string, string>(report.results.map(({ check, outcome }) => [check, outcome]));
  const [old, now] = [outcomes(before), outcomes(after)];
  const ids = [...new Set([...old.keys(), ...now.keys()])];
  const changes = ids.flatMap((check): Change[] => {
    const [was, is] = [old.get(check) ?? 'absent', now.get(check) ?? 'absent'];
    if (was === is) return [];
    const step = ORDER.indexOf(is) - ORDER.indexOf(was);
    // A check that was removed is no better, and a new one that passes no worse.
    const kind = is === 'absent' ? 'other' : step > 0 ? 'worse' : 'better';
    return [{ check, before: was, after: is, kind }];
  });
  return {
    before: headOf(before),
    after: headOf(after),
    configuration_changed: before.configuration !== after.configuration,
    changes: changes.sort((a, b) => RANK[a.kind] - RANK[b.kind]),
  };
}

const RANK = { worse: 0, better: 1, other: 2 } as const;

function headOf({ id, started, commit, verdict, scores }: Report): ReportDiff['before'] {
  return { id, started, commit, verdict, scores };
}
