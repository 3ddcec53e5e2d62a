import { attribute, childElements, descendants, type MarkupElement, type MarkupNode } from '../../markup/element.ts';

/** Never content, or not text. */
const REMOVED = new Set([
  'script', 'style', 'noscript', 'template', 'svg', 'iframe', 'object', 'embed', 'canvas', 'audio', 'video', 'map',
  'input', 'select', 'button', 'datalist', 'nav', 'dialog', 'menu', 'head', 'noframes', 'applet',
]); // biome-ignore format: a list of words
const CHROME_ROLES = new Set([
  'navigation',
  'banner',
  'search',
  'contentinfo',
  'complementary',
  'menu',
  'menubar',
  'dialog',
  'alertdialog',
  'toolbar',
  'tablist',
  'directory',
]);
/** Names by which pages call what is around the content; they count only where the block also looks like it. */
const CHROME_NAME =
  /(?:^|[\s_-])(?:nav|navbar|navbox|navigation|menu|sidebar|breadcrumbs?|footer|masthead|topbar|toolbar|share|sharing|social|skip|toc|pagination|pager|related|recommended|newsletter|subscribe|advert(?:isement)?s?|ads?|promo|sponsor(?:ed)?|comments?-form|login|signin|signup|jump|catlinks|printfooter|noprint|editsection|metadata)(?:[\s_-]|$)/i;
const CONSENT_NAME = /cookie|consent|gdpr|popup|modal|overlay/i;
const LONGEST_CONSENT = 1_500;
const LONGEST_CHROME = 400;
/** A main element must hold this share of the page's text to be taken for all of it. */
const MAIN_SHARE = 0.25;
/** With less left than this share, the page was all "chrome" (an index, a search page): it is taken whole. */
const LEAST_KEPT = 0.1;

/**
 * A page's content, by structure (`main`, `nav`, `aside`, roles), then by names and density of links. Rather too much
 * than too little: a search can ignore a stray menu, but not find a paragraph that is gone. Own code: Readability and
 * its kin choose one article, and drop what pages of reference, results or tables hold beside it.
 */
export function findContent(tree: MarkupElement): MarkupElement {
  const everything = pruned(tree, isHidden);
  const length = textLength(everything);
  const body = pruned(everything, isPageChrome);
  const main = mainElement(body);
  const kept = main && textLength(main) >= MAIN_SHARE * textLength(body) ? main : body;
  const content = pruned(kept, isNamedChrome);
  if (textLength(content) >= LEAST_KEPT * length) return content;
  return textLength(kept) >= LEAST_KEPT * length ? kept : everything;
}

/** The tree without the elements that the test names; what holds none of them is shared, not copied. */
function pruned(root: MarkupElement, test: (element: MarkupElement, inArticle: boolean) => boolean): MarkupElement {
  const prune = (element: MarkupElement, inArticle: boolean): MarkupElement => {
    const inside = inArticle || element.name === 'article' || element.name === 'main';
    const children: MarkupNode[] = [];
    let isChanged = false;
    for (const child of element.children) {
      const kept = typeof child === 'string' ? child : test(child, inside) ? null : prune(child, inside);
      isChanged ||= kept !== child;
      if (kept !== null) children.push(kept);
    }
    return isChanged ? { ...element, children } : element;
  };
  return prune(root, false);
}

function isHidden(element: MarkupElement): boolean {
  if (REMOVED.has(element.name) && element.name !== 'nav' && element.name !== 'menu' && element.name !== 'dialog')
    return true;
  if (attribute(element, 'hidden') !== undefined) return true;
  return /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attribute(element, 'style') ?? '');
}

function isPageChrome(element: MarkupElement, inArticle: boolean): boolean {
  if (REMOVED.has(element.name)) return true;
  if (CHROME_ROLES.has((attribute(element, 'role') ?? '').toLowerCase())) return true;
  // An article's own header has its title; a page's has its menu.
  if (inArticle) return false;
  if (element.name === 'aside' || element.name === 'footer') return true;
  return element.name === 'header' && !hasHeadingBesidesLinks(element);
}

function hasHeadingBesidesLinks(header: MarkupElement): boolean {
  return descendants(header, 'h1').next().value !== undefined && linkDensity(header) < 0.5;
}

function mainElement(body: MarkupElement): MarkupElement | null {
  const candidates = [...descendants(body, 'main'), ...byRole(body, 'main')];
  const articles = [...descendants(body, 'article')];
  if (candidates.length === 0 && articles.length === 1) return articles[0] ?? null;
  return candidates.sort((left, right) => textLength(right) - textLength(left))[0] ?? null;
}

function* byRole(element: MarkupElement, role: string): Generator<MarkupElement> {
  for (const child of childElements(element)) {
    if (attribute(child, 'role') === role) yield child;
    else yield* byRole(child, role);
  }
}

function isNamedChrome(element: MarkupElement): boolean {
  if (element.name === 'body' || element.name === 'main' || element.name === 'article' || element.name === 'html')
    return false;
  const names = `${attribute(element, 'class') ?? ''} ${attribute(element, 'id') ?? ''}`;
  if (names === ' ') return false;
  if (CONSENT_NAME.test(names) && textLength(element) < LONGEST_CONSENT) return true;
  if (!CHROME_NAME.test(names)) return false;
  return linkDensity(element) > 0.5 || (textLength(element) < LONGEST_CHROME && !hasProse(element));
}

/** A sentence or a heading: more than labels. */
function hasProse(element: MarkupElement): boolean {
  return descendants(element, 'p', 'h1', 'h2', 'h3', 'table', 'pre').next().value !== undefined;
}

function linkDensity(element: MarkupElement): number {
  const { text, linked } = measure(element);
  return text === 0 ? 0 : linked / text;
}

function textLength(element: MarkupElement): number {
  return measure(element).text;
}

type Measure = { text: number; linked: number };

/** Kept for each element: the tests ask again at every level. */
const measures = new WeakMap<MarkupElement, Measure>();

/** Characters of text, white space folded, and how many of them are in links. */
function measure(element: MarkupElement): Measure {
  const known = measures.get(element);
  if (known) return known;
  const sum: Measure = { text: 0, linked: 0 };
  for (const child of element.children) {
    const part = typeof child === 'string' ? { text: child.replace(/\s+/g, ' ').length, linked: 0 } : measure(child);
    sum.text += part.text;
    sum.linked += part.linked;
  }
  if (element.name === 'a') sum.linked = sum.text;
  measures.set(element, sum);
  return sum;
}
