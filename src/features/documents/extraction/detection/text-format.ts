import type { ExtractionInput } from '../extracted-document.ts';
import { columnScore, likeliestDelimiter } from '../formats/plain/delimited.ts';
import { decodeText } from './charset.ts';
import type { Format } from './format.ts';

const SAMPLE = 32 * 1024;

const BY_EXTENSION: readonly (readonly [Format, string])[] = [
  ['markdown', 'md markdown mdown mkd mkdn mdx'],
  ['csv', 'csv tsv tab'],
  ['html', 'html htm xhtml shtml'],
  [
    'code',
    'js mjs cjs ts tsx jsx py rb go rs java kt kts swift c h cc cpp hpp cs php sh bash zsh ps1 sql pl lua scala r m vue svelte css scss less toml ini cfg conf yaml yml dockerfile makefile gradle proto graphql tf',
  ],
];
const BY_TYPE: readonly (readonly [Format, RegExp])[] = [
  ['markdown', /^text\/(?:x-)?markdown/],
  ['csv', /^text\/(?:csv|tab-separated-values)/],
  ['html', /^(?:text\/html|application\/xhtml)/],
  ['email', /^message\/rfc822/],
];
const MAIL_HEADERS =
  /^(?:from|to|cc|subject|date|received|return-path|message-id|mime-version|delivered-to|reply-to|content-type|in-reply-to|x-[\w-]+|dkim-signature|envelope-to|sender|references|thread-topic):/i;
const HTML_START =
  /^(?:<!--[\s\S]{0,4000}?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|div|p|table|h[1-6]|article|section|ul|ol|span|center|font|a)\b/i;
const MARKDOWN_MARKS = [
  /^#{1,6} \S/m,
  /^(?:```|~~~)/m,
  /\[[^\]\n]+\]\([^)\s]+\)/,
  /^\s*[-*] \[[ x]\] /m,
  /\*\*[^*\n]+\*\*/,
  /^\|(?: ?:?-+:? ?\|)+$/m,
];

/** What kind of text it is: by what it starts with, then by its name and declared type, then by its look. */
export function detectTextFormat({ bytes, filename, declaredType }: ExtractionInput): Format {
  const sample = decodeText(bytes.subarray(0, SAMPLE))
    .replace(/^\ufeff/, '')
    .trimStart();
  const extension = /\.([a-z0-9]{1,10})$/i.exec(filename ?? '')?.[1]?.toLowerCase() ?? filename?.toLowerCase() ?? '';
  return (
    byStart(sample, bytes) ?? byHint(extension, declaredType?.toLowerCase() ?? '', sample) ?? byLook(sample, extension)
  );
}

function byStart(sample: string, bytes: Uint8Array): Format | null {
  if (sample.startsWith('<')) return markupFormat(sample);
  if (/^[[{]/.test(sample)) return jsonFormat(sample, bytes);
  const isMailbox = /^From \S+ .*\n/.test(sample);
  return isMailbox || countMailHeaders(sample) >= 3 ? 'email' : null;
}

function markupFormat(sample: string): Format | null {
  if (HTML_START.test(sample)) return 'html';
  const root = /<(?![?!])(?:[\w.-]{1,40}:)?([\w.-]{1,60})/.exec(sample.replace(/<!--[\s\S]*?-->/g, ''));
  if (!root || !/^(?:<\?xml|<!doctype|<[\w.-]+(?::[\w.-]+)?[\s/>])/i.test(sample)) return null;
  if (root[1]?.toLowerCase() === 'html') return 'html';
  if (root[0].startsWith('<office:document')) return 'flat-opendocument';
  const isXml =
    sample.startsWith('<?xml') ||
    /^<!doctype/i.test(sample) ||
    /\sxmlns(?::\w+)?=/.test(sample.slice(0, 2_000)) ||
    closes(sample, root[0]);
  return isXml ? 'xml' : null;
}

/** A document of one element: what looks like a tag in a text has no end tag of its own. */
function closes(sample: string, opening: string): boolean {
  return sample.includes(`</${opening.slice(1)}`) || sample.length > SAMPLE - 4;
}

/** Text may start with a bracket too ("[Chorus]"), so that it must look like JSON for its first tokens. */
function jsonFormat(sample: string, bytes: Uint8Array): Format | null {
  const looksLikeJson =
    /^(?:\{\s*(?:"(?:[^"\\\n]|\\.){0,500}"\s*:|\})|\[\s*(?:[[{"\]]|-?\d[\d.eE+-]*\s*[,\]]|(?:true|false|null)\s*[,\]]))/.test(
      sample,
    );
  if (!looksLikeJson) return null;
  const end = Buffer.from(bytes.subarray(-4_096)).toString('latin1');
  const isNotebook =
    sample.startsWith('{') &&
    /"nbformat"\s*:\s*\d/.test(sample + end) &&
    /"(?:cells|worksheets)"\s*:\s*\[/.test(sample + end);
  return isNotebook ? 'notebook' : 'json';
}

function countMailHeaders(sample: string): number {
  const head = sample.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const lines = head.split(/\r?\n/).filter((line) => !/^[ \t]/.test(line));
  const headers = lines.filter((line) => MAIL_HEADERS.test(line)).length;
  return headers >= 0.6 * lines.length ? headers : 0;
}

function byHint(extension: string, declaredType: string, sample: string): Format | null {
  const hinted =
    BY_EXTENSION.find(([, extensions]) => extensions.split(' ').includes(extension))?.[0] ??
    BY_TYPE.find(([, pattern]) => pattern.test(declaredType))?.[0] ??
    null;
  if (hinted === 'html') return /<[a-z][^>]*>/i.test(sample) ? 'html' : null;
  const isMail = (hinted === 'email' || /^(?:eml|mht|mhtml)$/.test(extension)) && countMailHeaders(sample) >= 1;
  if (hinted === 'email' || isMail) return isMail ? 'email' : null;
  return hinted;
}

/** Names say nothing: a pasted text, or one whose name lies. */
function byLook(sample: string, extension: string): Format {
  if (looksDelimited(sample)) return 'csv';
  const marks = MARKDOWN_MARKS.filter((mark) => mark.test(sample)).length;
  const mayBeMarkdown = !/^(?:txt|text|log|tex|srt|vtt)$/.test(extension);
  return mayBeMarkdown && marks >= 2 ? 'markdown' : 'text';
}

/** At least four rows, all with the same number of columns, at least three. */
function looksDelimited(sample: string): boolean {
  const lines = sample.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length < 4 || lines.some((line) => line.length > 4_000)) return false;
  const complete = lines.slice(0, 20).join('\n');
  const delimiter = likeliestDelimiter(complete);
  if (delimiter === '|') return false;
  const widths = new Set(lines.slice(0, 20).map((line) => line.split(delimiter).length));
  return widths.size === 1 && (widths.values().next().value ?? 0) >= 3 && columnScore(complete, delimiter) >= 2;
}
