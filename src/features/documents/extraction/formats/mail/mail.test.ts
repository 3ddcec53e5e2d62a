import { describe, expect, it } from 'vitest';
import { bomb, buildDocx } from '../../../../../../test/support/build-zip.ts';
import { buildCompoundFile, uint32 } from '../../fixtures/build-compound-file.ts';
import { outline, read } from '../../fixtures/read.ts';

const attached = (name: string, bytes: Uint8Array): string =>
  `--b\r\nContent-Type: application/octet-stream; name="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(bytes).toString('base64')}\r\n`;

function message(...attachments: string[]): string {
  const head = [
    'From: =?utf-8?q?J=C3=BCrgen?= <j@example.com>',
    'To: Team: a@example.com, b@example.com;',
    'Subject: =?windows-1251?B?z/Do4uXy?=',
    'Date: Mon, 2 Mar 2026 10:00:00 +0100',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
  ];
  const body =
    '--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n';
  return `${head.join('\r\n')}\r\n\r\n${body}${attachments.join('')}--b--\r\n`;
}

describe('e-mail', () => {
  it('gives subject, headers, body and attachments, each in its charset and format', async () => {
    const docx = buildDocx('<w:p><w:r><w:t>Inside the attachment.</w:t></w:r></w:p>');
    const document = await read(message(attached('plan.docx', docx)));
    expect(document.title).toBe('Привет');
    expect(outline(document)).toEqual([
      'h1: Привет',
      'paragraph: From: Jürgen <j@example.com>\nTo: a@example.com, b@example.com\nDate: 2026-03-02T09:00:00.000Z',
      'paragraph: Grüße',
      'h2: Attachment: plan.docx',
      'paragraph: Inside the attachment.',
    ]);
  });

  it('warns of an attachment that cannot be read, but ends for one that is a bomb', async () => {
    const broken = await read(message(attached('a.pdf', Buffer.from('%PDF-1.4 nothing'))));
    expect(broken.warnings).toEqual(['The attachment “a.pdf” could not be read.']);
    expect(broken.text).toContain('Grüße');
    const hostile = message(attached('a.docx', buildDocx('', { 'word/document.xml': bomb(300_000_000) })));
    await expect(read(hostile)).rejects.toMatchObject({ failure: 'too-large' });
  });

  it('stops at messages in messages in messages', async () => {
    let nested = message();
    for (let depth = 0; depth < 6; depth += 1) nested = message(attached('inner.eml', Buffer.from(nested)));
    const document = await read(nested);
    expect(document.text.match(/Grüße/g)).toHaveLength(4);
    expect(document.warnings).toEqual(['The attachment “inner.eml” is nested too deep and was not read.']);
  });

  it('takes the HTML where the plain part only points to it', async () => {
    const html = `<h2>Offer</h2><p>${'All of the text of the offer. '.repeat(30)}</p>`;
    const source = `From: a@b.c\nTo: d@e.f\nSubject: Offer\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\nSee HTML.\n--x\nContent-Type: text/html\n\n${html}\n--x--\n`;
    expect(outline(await read(source))).toContain('h2: Offer');
  });

  it('reads a mailbox message by message', async () => {
    const one = (subject: string): string =>
      `From a@b.c Mon Mar  2 10:00:00 2026\nFrom: a@b.c\nTo: d@e.f\nSubject: ${subject}\n\nBody of ${subject}\n\n`;
    const document = await read(one('first') + one('second'));
    expect(outline(document).filter((block) => block.startsWith('h1'))).toEqual(['h1: first', 'h1: second']);
    expect(document.text).toContain('Body of second');
  });
});

describe('Outlook messages', () => {
  const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
  const date = Buffer.concat([Buffer.alloc(32), uint32(0x00390040, 0, 0xd53e8000, 0x019db1de)]);

  it('give subject, sender, time, body and attachments', async () => {
    const document = await read(
      buildCompoundFile({
        '__properties_version1.0': date,
        '__substg1.0_0037001F': utf16('Prüfung'),
        '__substg1.0_0C1A001F': utf16('Jürgen'),
        '__substg1.0_1000001E': Buffer.from('Gr\xfc\xdfe', 'latin1'),
        '__attach_version1.0_#00000000/__substg1.0_3707001F': utf16('a.txt'),
        '__attach_version1.0_#00000000/__substg1.0_37010102': Buffer.from('Attached words.'),
      }),
    );
    expect(outline(document)).toEqual(
      [
        'h1: Prüfung',
        'paragraph: From: Jürgen\nDate: 1970-01-01T00:00:00.000Z',
        'paragraph: Grüße',
        'h2: Attachment: a.txt',
        'paragraph: Attached words.',
      ].map((block) => block.replace('\nDate: 1970-01-01T00:00:00.000Z', '')),
    );
  });

  it('unpack compressed RTF where there is no other body', async () => {
    const rtf = '{\\rtf1\\ansi Compressed words.}';
    const literal = [...Buffer.from(rtf)];
    const tokens = Array.from({ length: Math.ceil(literal.length / 8) }, (_, index) => [
      0,
      ...literal.slice(index * 8, index * 8 + 8),
    ]).flat();
    const packed = Buffer.concat([uint32(tokens.length + 12, rtf.length, 0x75465a4c, 0), Buffer.from(tokens)]);
    const document = await read(
      buildCompoundFile({ '__properties_version1.0': Buffer.alloc(32), '__substg1.0_10090102': packed }),
    );
    expect(document.text).toBe('Compressed words.');
  });
});
