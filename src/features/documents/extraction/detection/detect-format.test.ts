import { describe, expect, it } from 'vitest';
import { buildDocx, buildZip } from '../../../../../test/support/build-zip.ts';
import { DEFAULT_LIMITS } from '../extracted-document.ts';
import { buildCompoundFile } from '../fixtures/build-compound-file.ts';
import { fixture } from '../fixtures/read.ts';
import { detectFormat } from './detect-format.ts';

function detect(
  source: string | Uint8Array,
  filename: string | null = null,
  declaredType: string | null = null,
): string {
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  return detectFormat({ bytes, filename, declaredType }, DEFAULT_LIMITS);
}

describe('detectFormat', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['a PDF behind a banner', `From the printer\n%PDF-1.7\n`, 'pdf'],
    ['a Word document called .pdf', buildDocx(''), 'docx'],
    ['a workbook', fixture('prices.xlsx'), 'xlsx'],
    ['a presentation', fixture('results.pptx'), 'pptx'],
    ['OpenDocument', fixture('results.odp'), 'opendocument'],
    ['an e-book', fixture('handbook.epub'), 'epub'],
    ['an old Word document', fixture('handbook.doc'), 'doc'],
    ['an old workbook', fixture('prices.xls'), 'xls'],
    ['an Outlook message', buildCompoundFile({ '__properties_version1.0': Buffer.alloc(40) }), 'outlook'],
    ['RTF called .doc', '{\\rtf1 hello}', 'rtf'],
    ['HTML called .doc', '<!DOCTYPE html><html><body>hello</body></html>', 'html'],
    ['XHTML', '<?xml version="1.0"?>\n<!DOCTYPE html>\n<html xmlns="x"/>', 'html'],
    ['XML', '<?xml version="1.0"?><note/>', 'xml'],
    ['XML without a declaration', '<note><to>you</to></note>', 'xml'],
    ['JSON', '{"a": [1, 2]}', 'json'],
    ['a notebook', '{"cells": [], "nbformat": 4}', 'notebook'],
    ['an e-mail', 'From: a@b.c\r\nTo: d@e.f\r\nSubject: Hi\r\n\r\nHello', 'email'],
    ['a text that starts with a bracket', '[Chorus]\nLa la la', 'text'],
    ['a text that starts with a less-than sign', '<3 is a heart\nand so on', 'text'],
  ])('knows %s by what it holds, whatever its name', (_name, source, format) => {
    expect(detect(source, 'report.pdf', 'application/pdf')).toBe(format);
  });

  it('tells texts apart by name, then by type, then by look', () => {
    expect(detect('a,b\n1,2', 'x.csv')).toBe('csv');
    expect(detect('a,b\n1,2', null, 'text/csv; charset=utf-8')).toBe('csv');
    expect(detect('hello', 'README.md')).toBe('markdown');
    expect(detect('# Title\n\n- [a](b)\n- **c**\n')).toBe('markdown');
    expect(detect('a;b;c\n1;2;3\n4;5;6\n7;8;9\n')).toBe('csv');
    expect(detect('const a = 1;\n', 'a.ts')).toBe('code');
    expect(detect('Dear all,\n\nas agreed.\n')).toBe('text');
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['a picture called .pdf', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), /PNG/],
    ['a zip of files', buildZip({ 'a.txt': 'hello' }), /zip archive/],
    ['a binary workbook', buildZip({ 'xl/workbook.bin': 'x' }), /XLSB/],
    [
      'bytes without meaning',
      Buffer.from(Array.from({ length: 4_000 }, (_, index) => (index * 7_919 + (index >> 3)) % 256)),
      /not text/,
    ],
    ['zeros', Buffer.alloc(1_000), /not text/],
    ['a drawing of an Office program', buildCompoundFile({ VisioDocument: Buffer.from('x') }), /Visio/],
  ])('refuses %s and says what to do', (_name, bytes, detail) => {
    expect(() => detect(bytes, 'report.pdf')).toThrow(
      expect.objectContaining({ failure: 'unsupported-type', message: expect.stringMatching(detail) }),
    );
  });

  it('knows encrypted Office documents', () => {
    const locked = buildCompoundFile({ EncryptedPackage: Buffer.from('x'), EncryptionInfo: Buffer.from('y') });
    expect(() => detect(locked, 'a.docx')).toThrow(expect.objectContaining({ failure: 'password-protected' }));
  });
});
