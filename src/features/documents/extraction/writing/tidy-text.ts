/** Controls but tab and line feed, soft hyphens, byte order marks, bidirectional overrides, object placeholders. */
const UNWANTED = /[^\P{Cc}\n\t]|[\u00ad\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffc]/gu;
const NEEDS_CARE = /[^\n\x20-\x7e]/;
const LINE_ENDS = /\r\n?|[\v\f\x85\u2028\u2029]/g;
const ODD_SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
/** Word's bullet glyphs, which Symbol and Wingdings keep in the private use area. */
const SYMBOL_BULLETS = /[\uf0a7\uf0b7\uf0a8\uf0d8\uf0fc\uf076]/g;

/** Text as a document holds it: see `ExtractedDocument.text`. Ends are trimmed of empty lines, lines of trailing blanks. */
export function tidyText(source: string): string {
  return trimLines(NEEDS_CARE.test(source) ? normalise(source) : source);
}

function normalise(source: string): string {
  return source
    .replace(LINE_ENDS, '\n')
    .replace(UNWANTED, '')
    .replace(ODD_SPACES, ' ')
    .replace(SYMBOL_BULLETS, '•')
    .toWellFormed()
    .normalize('NFC');
}

/** The look-behinds keep these linear: without them, each place inside a long run of blanks is tried again. */
const TRAILING_BLANKS = /(?<![ \t])[ \t]+(?=\n|$)/g;
const TRAILING_LINES = /(?<!\n)\n+$/;

function trimLines(text: string): string {
  if (!/[ \t](?:\n|$)|^\n|\n$/.test(text)) return text;
  return text.replace(TRAILING_BLANKS, '').replace(/^\n+/, '').replace(TRAILING_LINES, '');
}

/** One line: every run of white space is one space. */
export function oneLine(source: string): string {
  return tidyText(source).replace(/\s+/g, ' ').trim();
}
