/** Words that stand for text. */
export const TEXT_WORDS: Readonly<Record<string, string>> = {
  tab: '\t',
  line: '\n',
  lbr: '\n',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  emspace: ' ',
  enspace: ' ',
  qmspace: ' ',
  '~': ' ',
  _: '-',
  '\\': '\\',
  '{': '{',
  '}': '}',
  '\n': '\u2029',
  '\r': '\u2029',
};

/** Groups that hold no text of the document. */
export const SKIPPED_DESTINATIONS = new Set(
  'colortbl pict object objdata themedata colorschememapping datastore xmlnstbl listtable listoverridetable rsidtbl revtbl generator fldinst nonshppict nonesttables filetbl latentstyles mmathPr fontemb falt panose author operator creatim revtim printim company category keywords doccomm comment manager subject userprops bkmkstart bkmkend pgptbl wgrffmtfilter ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn atnid atnauthor atndate atnref atrfstart atrfend upr sp blipuid listname docvar xe tc shprslt'.split(
    ' ',
  ),
);

/** Groups marked "ignore what you do not know" (`\*`) that do hold text. */
export const KEPT_STARRED = new Set([
  'shpinst',
  'shptxt',
  'ud',
  'annotation',
  'footnote',
  'pn',
  'mmath',
  'moMath',
  'moMathPara',
  'mr',
  'do',
  'dptxbxtext',
]);

/** Groups whose text stands beside the paragraph that they are in. */
export const ASIDES = new Set([
  'footnote',
  'annotation',
  'shptxt',
  'dptxbxtext',
  'header',
  'headerl',
  'headerr',
  'headerf',
  'footer',
  'footerl',
  'footerr',
  'footerf',
]);

const CODE_PAGES: Readonly<Record<number, number>> = {
  77: 10000,
  78: 932,
  128: 932,
  129: 949,
  130: 949,
  134: 936,
  136: 950,
  161: 1253,
  162: 1254,
  163: 1258,
  177: 1255,
  178: 1256,
  186: 1257,
  204: 1251,
  222: 874,
  238: 1250,
  255: 437,
};

/** The code page of a font's `\fcharset`; null for those that follow the document (ANSI, default, symbols). */
export function codePageOfCharset(charset: number): number | null {
  return CODE_PAGES[charset] ?? null;
}
