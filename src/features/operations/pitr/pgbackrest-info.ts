/** Reads what `pgbackrest info --output=json` says. pgBackRest restores from a backup that it knows to be faulty, and ends with
 * 0 where its own check finds damage; so what it says is judged here. */

export type PitrBackup = {
  label: string;
  kind: 'full' | 'diff' | 'incr';
  /** Its end: what it can be restored to at the earliest. */
  end: Date;
  /** Pages of it had wrong checksums. */
  faulty: boolean;
  bytes: number;
};

export type PitrState = {
  /** Why nothing can be told; null where the repository answers. */
  fault: string | null;
  /** The oldest first. */
  backups: readonly PitrBackup[];
  /** Name of the newest piece of the write-ahead log that is archived. */
  lastArchived: string | null;
};

type Info = readonly {
  status?: { code?: number; message?: string };
  backup?: readonly {
    label: string;
    type: 'full' | 'diff' | 'incr';
    error?: boolean | null;
    timestamp: { stop: number };
    info: { size: number };
  }[];
  archive?: readonly { max: string | null }[];
}[];

export function readPgbackrestInfo(text: string): PitrState {
  const [stanza] = parse(text);
  if (!stanza) return { fault: 'the repository has no stanza', backups: [], lastArchived: null };
  const { status = {}, backup = [], archive = [] } = stanza;
  const backups = backup.map(({ label, type, error, timestamp, info }) => ({
    label,
    kind: type,
    end: new Date(timestamp.stop * 1_000),
    faulty: error === true,
    bytes: info.size,
  }));
  const fault = status.code === 0 ? null : (status.message ?? 'pgBackRest gives no reason');
  return { fault, backups, lastArchived: archive.at(-1)?.max ?? null };
}

function parse(text: string): Info {
  try {
    const info: unknown = JSON.parse(text);
    if (Array.isArray(info)) return info as Info;
  } catch {
    // The same fault as JSON of another shape.
  }
  throw new Error(`pgbackrest info said no JSON: ${text.slice(0, 200)}`);
}

/** The backup to begin from to come to a moment: the newest whole one that had ended by then. Null where there is none. */
export function backupFor(state: PitrState, moment: Date): PitrBackup | null {
  return state.backups.findLast(({ faulty, end }) => !faulty && end.getTime() <= moment.getTime()) ?? null;
}

/** What an operator must know, a sentence each; empty when all is well. `mostAge`: of the newest backup, hours. */
export function pitrFaults(state: PitrState, now: Date, mostAge: number): string[] {
  const faults = state.fault === null ? [] : [`pgBackRest: ${state.fault}.`];
  for (const { label, faulty } of state.backups) {
    if (faulty) faults.push(`The backup ${label} holds damaged pages: nothing is restored from it. Make a full one.`);
  }
  const newest = state.backups.findLast(({ faulty }) => !faulty);
  if (!newest) faults.push('There is no whole backup.');
  else {
    const hours = (now.getTime() - newest.end.getTime()) / 3_600_000;
    if (hours > mostAge)
      faults.push(`The newest whole backup is ${hours.toFixed(0)} h old; ${mostAge} h are the most.`);
  }
  if (state.lastArchived === null) faults.push('Nothing of the write-ahead log is archived.');
  return faults;
}
