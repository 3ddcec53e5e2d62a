/** Somebody answers for a failure until a day. */
export type Waiver = { check: string; reason: string; owner: string; until: string };

export class WaiverError extends Error {}

/**
 * Reads a JSON list of `{check, reason, owner, until}`.
 * @throws WaiverError that names the entry and what it lacks
 */
export function readWaivers(text: string, checkIds: readonly string[]): readonly Waiver[] {
  const entries = parse(text);
  const faults = entries.flatMap((entry, index) => faultsOf(entry, checkIds).map((fault) => `${index + 1}. ${fault}`));
  if (faults.length > 0) throw new WaiverError(`The waivers are not usable:\n${faults.join('\n')}`);
  return entries as readonly Waiver[];
}

/** The one that counts now; one whose last day is over does not. */
export function waiverInForce(waivers: readonly Waiver[], check: string, now: Date): Waiver | null {
  return waivers.find((waiver) => waiver.check === check && endOf(waiver.until) >= now.getTime()) ?? null;
}

function parse(text: string): readonly Record<string, unknown>[] {
  try {
    const read: unknown = JSON.parse(text);
    if (Array.isArray(read) && read.every((entry) => entry !== null && typeof entry === 'object')) return read;
  } catch {
    // Told below, as any other form that is wrong.
  }
  throw new WaiverError(
    'Waivers are a JSON list such as [{"check": "…", "reason": "…", "owner": "…", "until": "2027-01-31"}].',
  );
}

function faultsOf(entry: Record<string, unknown>, checkIds: readonly string[]): string[] {
  const faults = ['check', 'reason', 'owner', 'until']
    .filter((name) => typeof entry[name] !== 'string' || entry[name].trim() === '')
    .map((name) => `${name} is missing`);
  const { check, until } = entry;
  if (typeof check === 'string' && !checkIds.includes(check)) faults.push(`there is no check "${check}"`);
  if (typeof until === 'string' && !(/^\d{4}-\d{2}-\d{2}$/.test(until) && Number.isFinite(endOf(until)))) {
    faults.push(`until must be a day such as 2027-01-31, not "${until}"`);
  }
  return faults;
}

/** The last moment of a day, UTC. */
function endOf(day: string): number {
  return Date.parse(`${day}T23:59:59.999Z`);
}
