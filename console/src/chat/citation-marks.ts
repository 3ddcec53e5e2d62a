import type { Root, RootContent, Text } from 'mdast';
import type { Citation } from '../api/types.ts';

const MARKER = /\[(\d{1,3})\]/g;

/** The element that a mark becomes in the rendered answer; `index` points into the part's citations, -1 while unknown. */
export const MARK_ELEMENT = 'cite-mark';

type Node = Root | RootContent;
type Mark = { number: number; index: number };

/**
 * A remark plugin: turns the markers `[2]` of an answer into marks that point to its citations. A number can be cited
 * several times with several quotes; the citation whose words stand nearest before the marker is meant. A marker that no
 * citation backs stays plain text once the answer is finished, and is a mark without a target before that.
 */
export function citationMarks({ citations, unfinished }: { citations: readonly Citation[]; unfinished: boolean }) {
  const marked = (number: number, offset: number): Mark | null => {
    const index = nearest(citations, number, offset);
    return index === -1 && !unfinished ? null : { number, index };
  };
  return () => (tree: Root) => markChildren(tree, marked);
}

type Marked = (number: number, offset: number) => Mark | null;

function markChildren(parent: Node, marked: Marked): void {
  if (!('children' in parent)) return;
  const children = parent.children as RootContent[];
  parent.children = children.flatMap((child) => replacement(child, marked)) as typeof parent.children;
}

function replacement(node: RootContent, marked: Marked): RootContent[] {
  if (node.type === 'text') return splitText(node, marked);
  // A line such as "[1]: https://…" makes Markdown take every [1] for a link. Markers are markers.
  if (node.type === 'definition' && /^\d{1,3}$/.test(node.identifier)) return [];
  if (node.type === 'linkReference' && /^\d{1,3}$/.test(node.identifier)) {
    const mark = marked(Number(node.identifier), node.position?.start.offset ?? 0);
    return [mark === null ? textNode(`[${node.identifier}]`) : markNode(mark)];
  }
  markChildren(node, marked);
  return [node];
}

function splitText(node: Text, marked: Marked): RootContent[] {
  const start = node.position?.start.offset ?? 0;
  const pieces: RootContent[] = [];
  let done = 0;
  for (const match of node.value.matchAll(MARKER)) {
    const mark = marked(Number(match[1]), start + match.index);
    if (mark === null) continue;
    if (match.index > done) pieces.push(textNode(node.value.slice(done, match.index)));
    pieces.push(markNode(mark));
    done = match.index + match[0].length;
  }
  if (done === 0) return [node];
  if (done < node.value.length) pieces.push(textNode(node.value.slice(done)));
  return pieces;
}

/** Distance 0 when the marker stands inside the cited words or right at their end. */
function nearest(citations: readonly Citation[], number: number, offset: number): number {
  let best = -1;
  let shortest = Number.POSITIVE_INFINITY;
  citations.forEach((citation, index) => {
    if (citation.number !== number) return;
    const { start, end } = citation.answer_span;
    const distance = offset < start ? start - offset : Math.max(0, offset - end);
    if (distance < shortest) [best, shortest] = [index, distance];
  });
  return best;
}

function textNode(value: string): Text {
  return { type: 'text', value };
}

function markNode({ number, index }: Mark): RootContent {
  const properties = { number: String(number), index: String(index) };
  return {
    type: 'text',
    value: '',
    data: { hName: MARK_ELEMENT, hProperties: properties, hChildren: [] },
  } as RootContent;
}
