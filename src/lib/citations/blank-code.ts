const FENCE = /^[^\S\n]{0,12}(`{3,}|~{3,})/;

/** The same text with Markdown code as spaces: fenced blocks (CommonMark 4.5; an open fence runs to the end) and code spans
 * (6.1) within one line. One pass, because answers come from outside. */
export function blankCode(text: string): string {
  let fence: string | null = null;
  const lines = text.split('\n').map((line) => {
    const mark = FENCE.exec(line)?.[1] ?? null;
    if (fence === null) {
      fence = mark;
      return mark === null ? blankSpans(line) : ' '.repeat(line.length);
    }
    if (mark !== null && mark[0] === fence[0] && mark.length >= fence.length) fence = null;
    return ' '.repeat(line.length);
  });
  return lines.join('\n');
}

type Run = { start: number; length: number };

/** A code span ends with the next run of as many backticks as it began with. */
function blankSpans(line: string): string {
  if (!line.includes('`')) return line;
  const runs = [...line.matchAll(/`+/g)].map(({ 0: run, index }): Run => ({ start: index, length: run.length }));
  let result = '';
  let from = 0;
  for (const { start, end } of spans(runs)) {
    result += line.slice(from, start) + ' '.repeat(end - start);
    from = end;
  }
  return result + line.slice(from);
}

function spans(runs: readonly Run[]): { start: number; end: number }[] {
  const places = Map.groupBy(runs.keys(), (index) => runs[index]?.length ?? 0);
  const found = [];
  for (let index = 0; index < runs.length; index += 1) {
    const opening = runs[index];
    const alike = places.get(opening?.length ?? 0) ?? [];
    while (alike.length > 0 && (alike[0] ?? 0) <= index) alike.shift();
    const closing = runs[alike[0] ?? -1];
    if (!opening || !closing) continue;
    found.push({ start: opening.start, end: closing.start + closing.length });
    index = alike[0] ?? index;
  }
  return found;
}
