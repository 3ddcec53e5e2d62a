import { attribute, childElements, descendants, type MarkupElement } from '../../markup/element.ts';
import { childValue, type NumberingReference } from './docx-styles.ts';

type Level = { format: string; text: string; start: number };
type Counters = { levels: ReadonlyMap<number, Level>; counts: number[] };

/** Counts automatic numbers as Word shows them, so that "see section 3.2" finds its section. */
export class DocxNumbering {
  readonly #byNumId = new Map<string, Counters>();

  constructor(tree: MarkupElement) {
    const abstract = new Map<string, Counters>();
    for (const definition of descendants(tree, 'abstractNum')) {
      abstract.set(attribute(definition, 'abstractNumId') ?? '', { levels: levelsOf(definition), counts: [] });
    }
    for (const number of descendants(tree, 'num')) {
      const shared = abstract.get(childValue(number, 'abstractNumId'));
      if (!shared) continue;
      // An instance that restarts counts for itself; the others of a definition go on counting together.
      const restarts = childElements(number, 'lvlOverride').next().value !== undefined;
      this.#byNumId.set(attribute(number, 'numId') ?? '', restarts ? { levels: shared.levels, counts: [] } : shared);
    }
  }

  /** The mark of the next paragraph of that list ("-" for bullets, "3.2" …); null where it has none. */
  next({ numId, level }: NumberingReference): string | null {
    const counters = this.#byNumId.get(numId);
    if (numId === '0' || !counters) return numId === '0' || numId === '' ? null : '-';
    const definition = counters.levels.get(level);
    const { counts } = counters;
    for (let above = 0; above < level; above += 1) counts[above] ??= counters.levels.get(above)?.start ?? 1;
    counts[level] = (counts[level] ?? (definition?.start ?? 1) - 1) + 1;
    counts.length = level + 1;
    if (!definition || definition.format === 'bullet') return '-';
    if (definition.format === 'none' || definition.text === '') return null;
    return definition.text.replace(/%([1-9])/g, (_, digit: string) => {
      const position = Number(digit) - 1;
      return formatNumber(counts[position] ?? 1, counters.levels.get(position)?.format ?? 'decimal');
    });
  }
}

function levelsOf(definition: MarkupElement): Map<number, Level> {
  const levels = new Map<number, Level>();
  for (const level of childElements(definition, 'lvl')) {
    levels.set(Number(attribute(level, 'ilvl')), {
      format: childValue(level, 'numFmt') || 'decimal',
      text: childValue(level, 'lvlText'),
      start: Number(childValue(level, 'start') || 1),
    });
  }
  return levels;
}

function formatNumber(value: number, format: string): string {
  if (format === 'lowerLetter') return letters(value);
  if (format === 'upperLetter') return letters(value).toUpperCase();
  if (format === 'lowerRoman') return roman(value).toLowerCase();
  if (format === 'upperRoman') return roman(value);
  return format === 'decimalZero' ? String(value).padStart(2, '0') : String(value);
}

/** a … z, then aa, bb, cc, as Word does. */
function letters(value: number): string {
  const letter = String.fromCharCode(97 + ((value - 1) % 26));
  return letter.repeat(Math.min(8, Math.ceil(value / 26)));
}

function roman(value: number): string {
  const numerals: [number, string][] = [
    [1000, 'M'],
    [900, 'CM'],
    [500, 'D'],
    [400, 'CD'],
    [100, 'C'],
    [90, 'XC'],
    [50, 'L'],
    [40, 'XL'],
    [10, 'X'],
    [9, 'IX'],
    [5, 'V'],
    [4, 'IV'],
    [1, 'I'],
  ];
  let rest = Math.min(value, 3_999);
  let text = '';
  for (const [amount, numeral] of numerals) {
    text += numeral.repeat(Math.floor(rest / amount));
    rest %= amount;
  }
  return text;
}
