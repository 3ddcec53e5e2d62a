import { attribute, childElements, descendants, findChild, type MarkupElement } from '../../markup/element.ts';

export type NumberingReference = { numId: string; level: number };

export type ParagraphStyle = {
  /** 1 to 6, or 0 for text. */
  headingLevel: number;
  isTitle: boolean;
  numbering: NumberingReference | null;
};

type StyleRecord = { name: string; basedOn: string; outline: number | null; numbering: NumberingReference | null };

const PLAIN: ParagraphStyle = { headingLevel: 0, isTitle: false, numbering: null };
const MAX_INHERITANCE = 12;

/** What styles say of paragraphs; a style inherits what it does not set. */
export class DocxStyles {
  readonly #records = new Map<string, StyleRecord>();

  constructor(tree: MarkupElement) {
    for (const style of descendants(tree, 'style')) {
      this.#records.set(attribute(style, 'styleId') ?? '', toRecord(style));
    }
  }

  paragraphStyle(properties: MarkupElement | undefined): ParagraphStyle {
    const style = findChild(properties, 'pStyle');
    const inherited = style ? this.#resolve(attribute(style, 'val') ?? '') : PLAIN;
    const outline = outlineOf(properties);
    return {
      headingLevel: outline === null ? inherited.headingLevel : headingLevelOf(outline),
      isTitle: inherited.isTitle,
      numbering: numberingOf(properties) ?? inherited.numbering,
    };
  }

  #resolve(id: string): ParagraphStyle {
    const resolved = { ...PLAIN };
    let record = this.#records.get(id);
    let named = /^(?:heading|berschrift|titre)\s?([1-6])$/i.exec(id)?.[1];
    for (let steps = 0; record && steps < MAX_INHERITANCE; steps += 1) {
      named ??= /^heading ([1-9])/i.exec(record.name)?.[1];
      resolved.isTitle ||= /^title$/i.test(record.name);
      resolved.numbering ??= record.numbering;
      if (record.outline !== null && named === undefined) named = String(headingLevelOf(record.outline));
      record = this.#records.get(record.basedOn);
    }
    resolved.headingLevel = resolved.isTitle ? 1 : Math.min(6, Number(named ?? 0));
    return resolved;
  }
}

function toRecord(style: MarkupElement): StyleRecord {
  const properties = findChild(style, 'pPr');
  return {
    name: valOf(findChild(style, 'name')),
    basedOn: valOf(findChild(style, 'basedOn')),
    outline: outlineOf(properties),
    numbering: numberingOf(properties),
  };
}

/** Outline levels are 0 to 8; 9 says "text", which overrides a heading's style. */
function outlineOf(properties: MarkupElement | undefined): number | null {
  const outline = findChild(properties, 'outlineLvl');
  return outline ? Number(valOf(outline)) : null;
}

function headingLevelOf(outline: number): number {
  return outline >= 0 && outline <= 8 ? Math.min(6, outline + 1) : 0;
}

function numberingOf(properties: MarkupElement | undefined): NumberingReference | null {
  const numbering = findChild(properties, 'numPr');
  if (!numbering) return null;
  const numId = valOf(findChild(numbering, 'numId'));
  return { numId, level: Number(valOf(findChild(numbering, 'ilvl'))) || 0 };
}

export function valOf(element: MarkupElement | undefined): string {
  return (element && attribute(element, 'val')) ?? '';
}

/** For numbering.xml and others of the kind: the first child's `val`. */
export function childValue(element: MarkupElement, name: string): string {
  return valOf(childElements(element, name).next().value || undefined);
}
