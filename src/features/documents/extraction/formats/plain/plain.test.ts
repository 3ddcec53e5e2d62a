import { describe, expect, it } from 'vitest';
import { outline, read } from '../../fixtures/read.ts';

const blocksOf = async (source: string | Uint8Array, filename: string): Promise<string[]> =>
  outline(await read(source, { filename }));

describe('plain text', () => {
  it('parts paragraphs at empty lines and knows modest headings and lists', async () => {
    const source =
      '1.2 Safety first\r\n\r\nMind the\r\nstep.\r\n \r\n- one\r\n- two\r\n\r\nCHAPTER 3\r\n\r\nThe end.\f';
    expect(await blocksOf(source, 'a.txt')).toEqual([
      'h2: 1.2 Safety first',
      'paragraph: Mind the\nstep.',
      'list: - one\n- two',
      'h1: CHAPTER 3',
      'paragraph: The end.',
    ]);
  });

  it('keeps the lines of source code', async () => {
    expect(await blocksOf('def f():\n    return 1\n\n\nf()\n', 'a.py')).toEqual([
      'code: def f():\n    return 1',
      'code: f()',
    ]);
  });
});

describe('Markdown', () => {
  it('is kept as it is written, in blocks', async () => {
    const source = [
      '---',
      'title: "The Guide"',
      'tags: [a]',
      '---',
      '# Start #',
      'Some *text*',
      'on two lines',
      '',
      '- one',
      '  more',
      '',
      '  still one',
      '- two',
      '',
      'Setext',
      '------',
      '',
      '| a | b |',
      '|---|:-:|',
      '| 1 | 2 |',
      'after',
      '```js',
      '# no heading',
      '',
      'code()',
      '```',
      '> quote',
    ].join('\n');
    const document = await read(source, { filename: 'a.md' });
    expect(document.title).toBe('The Guide');
    expect(outline(document)).toEqual([
      'code: title: "The Guide"\ntags: [a]',
      'h1: # Start #',
      'paragraph: Some *text*\non two lines',
      'list: - one\n  more\n\n  still one\n- two',
      'h2: Setext\n------',
      'table: | a | b |\n|---|:-:|\n| 1 | 2 |',
      'paragraph: after',
      'code: ```js\n# no heading\n\ncode()\n```',
      'paragraph: > quote',
    ]);
  });

  it('takes its title from the first heading, and ends an open fence with the file', async () => {
    const document = await read('# Hello\n\n```\ncode', { filename: 'a.md' });
    expect(document.title).toBe('Hello');
    expect(outline(document)).toEqual(['h1: # Hello', 'code: ```\ncode']);
  });
});

describe('separated values', () => {
  it.each([
    ['commas', 'a,b\n1,"x, ""y""\nz"\n'],
    ['semicolons', 'a;b\r\n1;"x, ""y""\r\nz"\r\n'],
    ['tabs', 'a\tb\n1\t"x, ""y""\nz"\n'],
    ['what it says itself', 'sep=|\na|b\n1|"x, ""y""\nz"\n'],
  ])('reads %s', async (_name, source) => {
    expect(await blocksOf(source, 'a.csv')).toEqual(['table: | a | b |\n| --- | --- |\n| 1 | x, "y" z |']);
  });

  it('does not let one open quotation mark swallow the file', async () => {
    const rows = Array.from({ length: 5 }, (_, index) => `${index},"x`);
    expect((await read(['n,t', ...rows].join('\n'), { filename: 'a.csv' })).text.match(/\n/g)).toHaveLength(6);
  });
});

describe('JSON', () => {
  it('becomes names and values, a group for each entry', async () => {
    const source =
      '[{"name": "P-1", "flow": 12345678901234567890, "tags": ["a", "b"], "none": null}, {"name": "P-2", "at": {"x": 1.50, "ok": true}}]';
    expect(await blocksOf(source, 'a.json')).toEqual([
      'list: name: P-1\nflow: 12345678901234567890\ntags:\n  - a\n  - b',
      'list: name: P-2\nat:\n  x: 1.50\n  ok: true',
    ]);
  });

  it('takes one value after the other, broken files, and any depth', async () => {
    expect(await blocksOf('{"a": 1}\n{"a": "two\\nlines \\u00e9"}\n', 'a.jsonl')).toEqual([
      'list: a: 1',
      'list: a: two\n  lines é',
    ]);
    expect(await blocksOf('{"a": "cut o', 'a.json')).toEqual(['list: a: cut o']);
    expect((await read(`{"a":${'['.repeat(200_000)}7`)).text).toContain('7');
  });
});

describe('notebooks', () => {
  it('give their cells and what they printed', async () => {
    const notebook = {
      nbformat: 4,
      cells: [
        { cell_type: 'markdown', source: ['# Title\n', 'Text'] },
        {
          cell_type: 'code',
          source: 'print(1)',
          outputs: [{ text: ['\u001b[31m1\u001b[0m\n'] }, { data: { 'text/plain': '<Plot>', 'image/png': 'AAAA' } }],
        },
      ],
    };
    const document = await read(JSON.stringify(notebook));
    expect(document.format).toBe('notebook');
    expect(outline(document)).toEqual(['h1: # Title', 'paragraph: Text', 'code: print(1)', 'code: 1', 'code: <Plot>']);
  });

  it('give what can be read when they are cut off', async () => {
    const document = await read('{"nbformat": 4, "cells": [{"cell_type": "code", "source": "print(42)"');
    expect(document.text).toContain('print(42)');
    expect(document.warnings).toHaveLength(1);
  });
});
