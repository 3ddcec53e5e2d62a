/** What pdf.js says of a run of text; positions in points, the origin at the page's lower left. */
export type TextItem = {
  str: string;
  /** "ltr", "rtl" or "ttb". */
  dir: string;
  transform: readonly number[];
  width: number;
  height: number;
  fontName: string;
  hasEOL: boolean;
};

/** A line as it is read: its own direction is to the right, `y` grows upwards. */
export type Line = {
  text: string;
  page: number;
  left: number;
  right: number;
  y: number;
  /** Height of the letters in points, the one most characters have. */
  size: number;
  /** The one most characters have. */
  font: string;
  /** Rotation in quarter turns. */
  turns: number;
  hasGaps: boolean;
};

type Run = {
  text: string;
  isLeftward: boolean;
  left: number;
  right: number;
  y: number;
  size: number;
  font: string;
  turns: number;
};

/** A space as wide as this many letters' heights is a gap between columns of a table. */
const WIDE_GAP = 1.6;

/** The lines of a page in the order in which the file has them, which in nearly all files is that of reading. */
export function linesOf(items: readonly TextItem[], page: number): Line[] {
  const lines: Line[] = [];
  let runs: Run[] = [];
  const finish = (): void => {
    const line = toLine(runs, page);
    if (line) lines.push(line);
    runs = [];
  };
  for (const item of items) {
    const run = toRun(item);
    const previous = runs.at(-1);
    if (previous && run.text.trim() !== '' && breaksLine(previous, run)) finish();
    runs.push(run);
    if (item.hasEOL) finish();
  }
  finish();
  return lines;
}

function toRun(item: TextItem): Run {
  const { str, transform, fontName } = item;
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = transform;
  const turns = Math.round(Math.atan2(b, a) / (Math.PI / 2));
  const [cosine, sine] = [Math.cos((turns * Math.PI) / 2), Math.sin((turns * Math.PI) / 2)];
  const along = e * cosine + f * sine;
  const across = f * cosine - e * sine;
  return {
    text: str,
    ...place(item, along, across),
    isLeftward: item.dir === 'rtl',
    size: Math.hypot(c, d) || Math.hypot(a, b),
    font: fontName,
    turns,
  };
}

/** What is read downwards is turned so that "right" is onwards and "down" is the next line. */
function place({ dir, width, height }: TextItem, along: number, across: number): Pick<Run, 'left' | 'right' | 'y'> {
  if (dir === 'ttb') return { left: -across, right: height - across, y: along };
  return { left: along, right: along + width, y: across };
}

/** pdf.js marks most line ends; columns that are set side by side, and turned text, it joins. */
function breaksLine(previous: Run, run: Run): boolean {
  if (previous.turns !== run.turns) return true;
  const size = Math.max(previous.size, run.size);
  // Raised and lowered letters stand directly beside what they belong to.
  const isBeside = Math.abs(run.left - previous.right) < size / 2;
  if (Math.abs(previous.y - run.y) > size * (isBeside ? 1.3 : 0.8)) return true;
  return !previous.isLeftward && !run.isLeftward && run.left < previous.left - size * 2;
}

function toLine(runs: readonly Run[], page: number): Line | null {
  const visible = runs.filter(({ text }) => text.trim() !== '');
  const first = visible[0];
  const last = visible.at(-1);
  if (!first || !last) return null;
  const main = weightiest(visible);
  const { text, hasGaps } = joinRuns(runs);
  const left = Math.min(...visible.slice(0, 500).map((run) => run.left));
  const right = Math.max(last.right, first.right);
  // A line that is read to the left starts at its right margin.
  const isLeftward = visible.some((run) => run.isLeftward);
  return {
    text,
    page,
    left: isLeftward ? -right : left,
    right: isLeftward ? -left : right,
    y: main.y,
    size: main.size,
    font: main.font,
    turns: first.turns,
    hasGaps,
  };
}

/** The run whose font and size most characters share. */
function weightiest(runs: readonly Run[]): Run {
  const weights = new Map<string, { run: Run; weight: number }>();
  let best: { run: Run; weight: number } | null = null;
  for (const run of runs) {
    const key = `${run.font} ${run.size.toFixed(1)}`;
    const entry = weights.get(key) ?? { run, weight: 0 };
    entry.weight += run.text.length;
    weights.set(key, entry);
    if (!best || entry.weight > best.weight) best = entry;
  }
  return best?.run ?? (runs[0] as Run);
}

function gapBetween(previous: Run, run: Run): number {
  const onwards = run.left - previous.right;
  return previous.isLeftward || run.isLeftward ? Math.max(onwards, previous.left - run.right) : onwards;
}

/** Wide gaps become tabs, so that the values of a table's row stay apart. */
function joinRuns(runs: readonly Run[]): { text: string; hasGaps: boolean } {
  let text = '';
  let previous: Run | null = null;
  let hasGaps = false;
  for (const run of runs) {
    if (run.text.trim() === '') {
      if (text !== '' && !/\s$/.test(text)) text += ' ';
      continue;
    }
    if (previous && gapBetween(previous, run) > run.size * WIDE_GAP) {
      text = `${text.trimEnd()}\t`;
      hasGaps = true;
    }
    // Between directions pdf.js leaves the spaces out.
    const isTurn = previous !== null && previous.isLeftward !== run.isLeftward;
    if (previous && isTurn && gapBetween(previous, run) > run.size * 0.1 && !/\s$/.test(text)) text += ' ';
    text += run.text;
    previous = run;
  }
  return { text: text.replace(/ {2,}/g, ' ').trim(), hasGaps };
}
