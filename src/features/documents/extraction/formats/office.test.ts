import { describe, expect, it } from 'vitest';
import { buildDocx, buildZip } from '../../../../../test/support/build-zip.ts';
import { biffRecord, buildCompoundFile, pptRecord, uint16, uint32 } from '../fixtures/build-compound-file.ts';
import { fixture, outline, read } from '../fixtures/read.ts';

const run = (text: string): string => `<w:r><w:t>${text}</w:t></w:r>`;

describe('Word documents', () => {
  it('leave out what was deleted, take one of two alternatives, and keep symbols and fractions', async () => {
    const box = `<w:txbxContent><w:p>${run('in the box')}</w:p></w:txbxContent>`;
    const body = [
      `<w:p>${run('kept')}<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:ins>${run(' inserted')}</w:ins></w:p>`,
      `<w:p><w:r><mc:AlternateContent><mc:Choice>${box}</mc:Choice><mc:Fallback>${box}</mc:Fallback></mc:AlternateContent></w:r></w:p>`,
      `<w:p><m:oMath><m:f><m:num>${run('1')}</m:num><m:den>${run('2')}</m:den></m:f></m:oMath><w:r><w:sym w:font="Wingdings" w:char="F0B7"/></w:r></w:p>`,
      `<w:sdt><w:sdtContent><w:p><w:hyperlink>${run('in a control')}</w:hyperlink></w:p></w:sdtContent></w:sdt>`,
    ];
    expect((await read(buildDocx(body.join('')))).text).toBe('kept inserted\n\nin the box\n\n1/2•\n\nin a control');
  });

  it('find headings by style, inherited or in another language, and number them', async () => {
    const styles =
      '<w:styles><w:style w:styleId="a1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style><w:style w:styleId="x"><w:name w:val="Mine"/><w:basedOn w:val="a1"/></w:style></w:styles>';
    const numbering =
      '<w:numbering><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>';
    const relations =
      '<Relationships><Relationship Id="1" Type="t/styles" Target="styles.xml"/><Relationship Id="2" Type="t/numbering" Target="/word/numbering.xml"/></Relationships>';
    const paragraph = (style: string, text: string, level = ''): string =>
      `<w:p><w:pPr><w:pStyle w:val="${style}"/>${level}</w:pPr>${run(text)}</w:p>`;
    const second = '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>';
    const body =
      paragraph('a1', 'First') +
      paragraph('none', 'item', second) +
      paragraph('x', 'Second') +
      paragraph('none', 'item', second);
    const parts = {
      'word/_rels/document.xml.rels': relations,
      'word/styles.xml': styles,
      'word/numbering.xml': numbering,
    };
    expect(outline(await read(buildDocx(body, parts)))).toEqual([
      'h1: I. First',
      'list: I.1 item',
      'h1: II. Second',
      'list: II.1 item',
    ]);
  });

  it('read whatever prefix the namespace has, and nothing outside the package', async () => {
    const document =
      '<ns0:document xmlns:ns0="w"><ns0:body><ns0:p><ns0:r><ns0:t>odd prefix</ns0:t></ns0:r></ns0:p></ns0:body></ns0:document>';
    const relations =
      '<Relationships><Relationship Id="1" Type="t/header" TargetMode="External" Target="file:///etc/passwd"/><Relationship Id="2" Type="t/header" Target="../../../etc/passwd"/></Relationships>';
    const { text } = await read(buildZip({ 'word/document.xml': document, 'word/_rels/document.xml.rels': relations }));
    expect(text).toBe('odd prefix');
  });

  it('of before 2007 say when they are locked', async () => {
    const locked = Buffer.from(fixture('handbook.doc'));
    const head = locked.indexOf(Buffer.from([0xec, 0xa5]));
    locked.writeUInt8((locked[head + 0x0b] ?? 0) | 1, head + 0x0b);
    await expect(read(locked)).rejects.toMatchObject({ failure: 'password-protected' });
  });

  it('of OpenDocument say when they are locked', async () => {
    const manifest =
      '<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>';
    const parts = {
      mimetype: 'application/vnd.oasis.opendocument.text',
      'META-INF/manifest.xml': manifest,
      'content.xml': 'garbage',
    };
    await expect(read(buildZip(parts))).rejects.toMatchObject({ failure: 'password-protected' });
  });
});

describe('workbooks of before 2007', () => {
  const begin = (kind: number): Buffer => biffRecord(0x0809, 0x0500, kind);
  const end = biffRecord(0x000a);
  const label = (row: number, column: number, text: string): Buffer =>
    biffRecord(0x0204, row, column, 0, text.length, Buffer.from(text, 'latin1'));

  it('Excel 5: eight-bit text in the code page, formulas with text, errors', async () => {
    const formula = biffRecord(0x0006, 1, 1, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0xff, 0xff]), Buffer.alloc(6));
    const book = Buffer.concat([
      begin(5),
      biffRecord(0x0042, 1251),
      end,
      begin(0x10),
      label(0, 0, '\xcf\xf0\xe8\xe2\xe5\xf2'),
      label(0, 1, 'x'),
      biffRecord(0x027e, 1, 0, 0, uint32((1234 << 2) | 3)),
      formula,
      biffRecord(0x0207, 2, Buffer.from('ok')),
      biffRecord(0x0205, 2, 0, 0, Buffer.from([7, 1])),
      end,
    ]);
    const { text } = await read(buildCompoundFile({ Book: book }));
    expect(text).toContain('| Привет | x |\n| --- | --- |\n| 12.34 | ok |\n| #DIV/0! |');
  });

  it('Excel 2: a bare stream', async () => {
    const attributes = Buffer.alloc(3);
    const sheet = Buffer.concat([
      biffRecord(0x0009, 2, 0x10),
      biffRecord(0x0004, 0, 0, attributes, Buffer.from([4]), Buffer.from('Name')),
      biffRecord(0x0004, 0, 1, attributes, Buffer.from([3]), Buffer.from('Age')),
      biffRecord(0x0004, 1, 0, attributes, Buffer.from([3]), Buffer.from('Ann')),
      biffRecord(0x0002, 1, 1, attributes, uint16(44)),
      end,
    ]);
    expect((await read(sheet)).text).toContain('| Name | Age |\n| --- | --- |\n| Ann | 44 |');
  });

  it('Excel 97: strings that run on over records, and locked ones', async () => {
    const strings = biffRecord(0x00fc, uint32(1, 1), uint16(5), Buffer.from([0]), Buffer.from('ab'));
    const rest = biffRecord(0x003c, Buffer.from([1]), Buffer.from('京cd', 'utf16le'));
    const start = biffRecord(0x0809, 0x0600, 5);
    const cell = biffRecord(0x00fd, 0, 0, 0, uint32(0));
    const book = Buffer.concat([start, strings, rest, end, biffRecord(0x0809, 0x0600, 0x10), cell, end]);
    expect((await read(buildCompoundFile({ Workbook: book }))).text).toContain('ab京cd');
    const locked = Buffer.concat([start, biffRecord(0x002f, 0), end]);
    await expect(read(buildCompoundFile({ Workbook: locked }))).rejects.toMatchObject({
      failure: 'password-protected',
    });
  });
});

describe('presentations of before 2007', () => {
  const text = (words: string): Buffer => pptRecord(0x0fa0, Buffer.from(words, 'utf16le'), 0);
  const kind = (number: number): Buffer => pptRecord(0x0f9f, uint32(number), 0);

  function presentation(token: number): Uint8Array {
    const reference = pptRecord(0x03f3, uint32(2, 0, 0, 256, 0), 0);
    const list = pptRecord(0x0ff0, Buffer.concat([reference, kind(0), text('The title'), kind(1), text('one\rtwo')]));
    const document = pptRecord(0x03e8, list);
    const stale = pptRecord(0x03ee, text('text of an earlier version'));
    const slide = pptRecord(0x03ee, pptRecord(0x0f0d, Buffer.concat([kind(4), text('a box 京')])));
    const places = uint32(0x00200001, 0, document.length + stale.length);
    const edit = document.length + stale.length + slide.length;
    const directory = pptRecord(0x1772, places, 0);
    const userEdit = pptRecord(0x0ff5, uint32(0, 0, 0, edit, 1, 0, 0), 0);
    const stream = Buffer.concat([document, stale, slide, directory, userEdit]);
    const user = Buffer.concat([uint32(0, 0, 20, token, edit + directory.length), Buffer.alloc(20)]);
    return buildCompoundFile({ 'PowerPoint Document': stream, 'Current User': user });
  }

  it('give the slides as they were last saved', async () => {
    const document = await read(presentation(0xe391c05f));
    expect(document.pageCount).toBe(1);
    expect(outline(document)).toEqual(['h1: The title', 'list: - one\n- two', 'paragraph: a box 京']);
  });

  it('say when they are locked', async () => {
    await expect(read(presentation(0xf3d1c4df))).rejects.toMatchObject({ failure: 'password-protected' });
  });
});
