import { describe, expect, it } from 'vitest';
import { outline, read } from '../../fixtures/read.ts';

describe('RTF', () => {
  it.each<[string, string, string]>([
    ['bytes in the code page of the document', "{\\rtf1\\ansi\\ansicpg1251 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}", 'Привет'],
    [
      'bytes in the charset of their font',
      "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}{\\f1\\fcharset128 Mincho;}}a \\f1 \\'93\\'8c\\'8b\\'9e}",
      'a 東京',
    ],
    [
      'Unicode with what stands for it',
      "{\\rtf1\\uc1 \\u26481?\\u20140 ?{\\uc2\\u8364\\'80\\'81}!\\u-10179?\\u-8704?}",
      '東京€!😀',
    ],
    ['symbols', '{\\rtf1 a\\~b\\_c\\emdash d\\line\\{e\\}\\tab f}', 'a b-c—d\n{e}\tf'],
    [
      'nothing of what is hidden or for machines',
      '{\\rtf1{\\info{\\author Ann}}{\\*\\unknown x}{\\pict 00ff}a{\\v b}{\\bin3 }}}c{\\field{\\*\\fldinst HYPERLINK "x"}{\\fldrslt d}}}',
      'acd',
    ],
    ['a line end for a paragraph', '{\\rtf1 a\\\nb}', 'a\n\nb'],
    ['a file that is cut off', '{\\rtf1 {\\b still here', 'still here'],
  ])('reads %s', async (_name, source, text) => {
    expect((await read(source)).text).toBe(text);
  });

  it('knows headings by outline level and by style, tables, lists and notes', async () => {
    const source = [
      '{\\rtf1{\\stylesheet{\\s5 heading 2;}}{\\info{\\title The Title}}',
      '\\pard\\outlinelevel0 One\\par\\pard\\s5 Two\\par',
      '\\pard Text{\\super 1{\\footnote A note.\\par}} goes on.\\par',
      '\\pard{\\listtext\\pard 1.\\tab}First\\par{\\listtext\\pard 2.\\tab}Second\\par',
      '\\trowd\\pard\\intbl a\\cell b\\cell\\row\\trowd\\pard\\intbl c\\par more\\cell\\cell\\row',
      '\\pard End{\\header Head\\par}{\\header Head\\par}\\par}',
    ].join('\n');
    const document = await read(source);
    expect(document.title).toBe('The Title');
    expect(outline(document)).toEqual([
      'h1: One',
      'h2: Two',
      'paragraph: Text1 goes on.',
      'paragraph: A note.',
      'list: 1. First\n2. Second',
      'table: | a | b |\n| --- | --- |\n| c more |',
      'paragraph: End',
      'paragraph: Head',
    ]);
  });

  it('gives up on groups nested without end', async () => {
    await expect(read(`{\\rtf1 ${'{'.repeat(100_000)}`)).rejects.toMatchObject({ failure: 'damaged' });
  });
});
