import { attribute, childElements, type MarkupElement } from '../../markup/element.ts';

type ListLevel = { format: string; suffix: string; prefix: string };

/** Which list styles number their items, by level. */
export class OpenListStyles {
  readonly #levels = new Map<string, ListLevel>();

  add(style: MarkupElement): void {
    const name = attribute(style, 'name') ?? '';
    for (const level of childElements(style, 'list-level-style-number')) {
      this.#levels.set(`${name} ${attribute(level, 'level') ?? '1'}`, {
        format: attribute(level, 'num-format') ?? '1',
        prefix: attribute(level, 'num-prefix') ?? '',
        suffix: attribute(level, 'num-suffix') ?? '',
      });
    }
  }

  /** "2." or "b)" for the second item of a numbered list, "-" for an item of any other. */
  mark(style: string, depth: number, number: number): string {
    const level = this.#levels.get(`${style} ${depth + 1}`);
    if (!level || level.format === '') return '-';
    const letter = String.fromCharCode((level.format === 'A' ? 64 : 96) + Math.min(26, number));
    return `${level.prefix}${/^[aA]$/.test(level.format) ? letter : number}${level.suffix || '.'}`;
  }
}
