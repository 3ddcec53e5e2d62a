/** An element of an XML or HTML tree. Names are local: `w:p` is `p`; in HTML they are lower-case. */
export type MarkupElement = { name: string; attributes: Readonly<Record<string, string>>; children: MarkupNode[] };
export type MarkupNode = MarkupElement | string;

/** The attribute of that local name, whatever prefix it has; one without a prefix comes first. */
export function attribute(element: MarkupElement, name: string): string | undefined {
  if (Object.hasOwn(element.attributes, name)) return element.attributes[name];
  const suffix = `:${name}`;
  const key = Object.keys(element.attributes).find((candidate) => candidate.endsWith(suffix));
  return key === undefined ? undefined : element.attributes[key];
}

/** The attribute of that local name that has a prefix: `r:id` where `id` means something else. */
export function prefixedAttribute(element: MarkupElement, name: string): string | undefined {
  const key = Object.keys(element.attributes).find((candidate) => candidate.endsWith(`:${name}`));
  return key === undefined ? undefined : element.attributes[key];
}

export function* childElements(element: MarkupElement, name?: string): Generator<MarkupElement> {
  for (const child of element.children) {
    if (typeof child !== 'string' && (name === undefined || child.name === name)) yield child;
  }
}

/** The element at the end of a path of child names. */
export function findChild(element: MarkupElement | undefined, ...path: string[]): MarkupElement | undefined {
  let found = element;
  for (const name of path) found = found && childElements(found, name).next().value;
  return found || undefined;
}

/** All elements of that name below, in document order; those inside a found one are not looked for. */
export function* descendants(element: MarkupElement, ...names: string[]): Generator<MarkupElement> {
  for (const child of childElements(element)) {
    if (names.includes(child.name)) yield child;
    else yield* descendants(child, ...names);
  }
}

/** All text below, as it stands. Trees are at most some hundreds of levels deep (see parse-markup.ts). */
export function textOf(node: MarkupNode): string {
  return typeof node === 'string' ? node : node.children.map(textOf).join('');
}
