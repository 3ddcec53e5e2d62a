import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { Parser } from 'htmlparser2';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { describe, expect, test } from 'vitest';
import { SARIF } from '../../../../test/support/sarif-schema.ts';
import type { Analysis, Finding } from '../analysis.ts';
import { CARELESS_EXPRESS } from '../judge/readiness/fixtures/made-up-apps.ts';
import { judgeReadiness } from '../judge/readiness/judge-readiness.ts';
import { renderReport } from './render-report.ts';
import { REPORT_FORMATS, type ReportContext } from './report-context.ts';
import { sourceLink } from './source-link.ts';

/** Markup of each form, a mention, links, characters that are not seen or turn the rest around, and what ends a string. */
const HOSTILE =
  '<script>alert(1)</script>"><img src=x onerror=alert(1)> | ``` `code` **b** [l](javascript:x) @team https://evil.example \u202Egnp.exe\u0007\u0000\r\n# heading (end) \\) Tj ET endstream 中文';
const HIDDEN = ['\u202e', '\u0000', '\u0007'];
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

function finding(more: Partial<Finding>): Finding {
  return {
    rule: 'secrets/private-key',
    severity: 'high',
    category: 'security',
    path: 'src/a b#c.ts',
    line: 7,
    message: 'A key is in the code.',
    evidence: 'const key = …',
    fix: 'Take it out.',
    verify: 'git grep key',
    fingerprint: '0'.repeat(32),
    ...more,
  };
}

const files = Object.entries(CARELESS_EXPRESS)
  .map(([path, text]) => ({ path, text, bytes: text.length }))
  .sort((a, b) => (a.path < b.path ? -1 : 1));
const counts = { files: 3, bytes: 9, lines: 9, codeLines: 7, commentLines: 1, blankLines: 1, functions: 2, classes: 0 };

function analysis(findings: readonly Finding[]): Analysis {
  return {
    engine: '1',
    metrics: {
      totals: counts,
      languages: [{ ...counts, language: HOSTILE, reading: 'parsed' }],
      files: [
        {
          ...counts,
          path: HOSTILE,
          language: 'JavaScript',
          reading: 'parsed',
          role: 'product',
          maxComplexity: 1,
          complexity: 1,
        },
      ],
      functions: null,
      duplication: { percent: 0, duplicatedLines: 0, pairs: [] },
      dependencies: { declared: [], manifests: [] },
      imports: { files: 0, edges: 0, unresolved: 0, filesInCycles: 0, cycles: [], mostImported: [] },
      history: null,
      failed: [{ path: HOSTILE, reason: HOSTILE }],
      failedLeftOut: 0,
      findingsLeftOut: {},
    },
    architecture: {
      languages: [],
      projects: [],
      frameworks: [{ name: HOSTILE, evidence: HOSTILE }],
      patterns: [],
      modules: [{ path: HOSTILE, files: 1, codeLines: 1, importedBy: 0, imports: 0 }],
      arrows: [],
    },
    findings,
    scores: [{ name: 'overall', value: 71.5, grade: 'C', formula: 'mean', inputs: { openFindings: 2 } }],
    readiness: judgeReadiness({ files, history: null, skipped: [] }),
  } as Analysis;
}

const context: ReportContext = {
  repository: `shop ${HOSTILE}`,
  url: 'https://github.com/ada/shop.git',
  commit: COMMIT,
  analysedAt: '2026-11-26T08:00:00.000Z',
  triage: new Map([['1'.repeat(32), { status: 'false_positive', note: HOSTILE }]]),
  suggestions: {
    model: 'fake/scripted',
    kept: [{ title: HOSTILE, text: HOSTILE, severity: 'low', path: HOSTILE, line: 3, snippet: HOSTILE }],
    dropped: 2,
    note: null,
  },
};
const hostile = analysis([
  finding({}),
  finding({
    fingerprint: '1'.repeat(32),
    path: HOSTILE,
    message: HOSTILE,
    evidence: HOSTILE,
    fix: HOSTILE,
    verify: HOSTILE,
    severity: 'low',
  }),
  finding({
    fingerprint: '2'.repeat(32),
    path: null,
    line: null,
    message: HOSTILE,
    evidence: 'x'.repeat(200_000),
    rule: 'structure/cycle',
  }),
]);
const written = (format: (typeof REPORT_FORMATS)[number]) => String(renderReport(hostile, context, format).body);

test.each(REPORT_FORMATS)(
  '%s: the same analysis gives the same bytes, in bounded length, under a safe name',
  (format) => {
    const { body, fileName } = renderReport(hostile, context, format);
    expect(Buffer.from(renderReport(hostile, context, format).body)).toEqual(Buffer.from(body));
    expect(fileName).toMatch(/^parley-shop-[\w.-]{1,60}-2026-11-26\.\w+$/);
    if (format !== 'json') expect(body.length).toBeLessThan(150_000);
  },
);

test('HTML has no element or attribute but its own, no script, and nothing that hides', () => {
  const names = new Set<string>();
  const attributes = new Set<string>();
  const links: string[] = [];
  const parser = new Parser({
    onopentag(name, given) {
      names.add(name);
      for (const attribute of Object.keys(given)) attributes.add(attribute);
      if (given.href) links.push(given.href);
    },
  });
  parser.end(written('html'));
  const own = [
    'html',
    'head',
    'meta',
    'title',
    'style',
    'body',
    'h1',
    'h2',
    'h3',
    'p',
    'ul',
    'li',
    'strong',
    'span',
    'code',
    'a',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
  ];
  expect([...names].filter((name) => !own.includes(name))).toEqual([]);
  expect([...attributes].filter((name) => name.startsWith('on') || name === 'src' || name === 'style')).toEqual([]);
  expect(links.filter((link) => !link.startsWith(`https://github.com/ada/shop/blob/${COMMIT}/`))).toEqual([]);
  expect(links).toContain(`https://github.com/ada/shop/blob/${COMMIT}/src/a%20b%23c.ts#L7`);
  for (const hidden of HIDDEN) expect(written('html')).not.toContain(hidden);
  expect(written('html')).toContain('\\u{202e}gnp.exe');
});

test('HTML names its own style in the policy under which it is shown', () => {
  const { contentPolicy, body } = renderReport(hostile, context, 'html');
  expect(contentPolicy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; /);
  expect(body).toContain('Content-Security-Policy');
});

test('Markdown: nobody is notified, no address becomes a link, no line begins or ends what it should not', () => {
  const lines = written('markdown').split('\n');
  const outside = lines.map((line) => line.replaceAll(/\\./g, '').replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, ''));
  for (const line of outside) {
    expect(line).not.toMatch(/<|@team|https:\/\/evil|\]\(javascript|(?<!\\)`/);
  }
  expect(lines.filter((line) => /^# /.test(line))).toHaveLength(1);
  for (const hidden of [...HIDDEN, '\r']) expect(written('markdown')).not.toContain(hidden);
  expect(written('markdown')).toContain('**missing** ');
});

test('JSON has all of it, with names in snake_case and the state of each finding', () => {
  const report = JSON.parse(written('json'));
  expect(report).toMatchObject({
    schema: 'parley-analysis/1',
    commit: COMMIT,
    analysed_at: '2026-11-26T08:00:00.000Z',
    scores: [{ name: 'overall', inputs: { open_findings: 2 } }],
    readiness: { verdict: 'NO-GO' },
    metrics: { totals: { code_lines: 7 } },
    suggestions: { model: 'fake/scripted', dropped: 2 },
  });
  expect(report.findings.map(({ status }: { status: string }) => status)).toEqual(['open', 'false_positive', 'open']);
  expect(written('json')).not.toMatch(/"[a-z]+[A-Z]\w*":/);
});

describe('SARIF', () => {
  const log = JSON.parse(written('sarif'));

  test('is as its standard wants it', () => {
    const ajv = new Ajv({ allErrors: true });
    addFormats.default(ajv);
    const isValid = ajv.compile(SARIF);
    expect(isValid(log), JSON.stringify(isValid.errors, null, 1)).toBe(true);
  });

  test('has each finding at its place, what is settled suppressed, and each criterion that is open', () => {
    const [run] = log.runs;
    expect(run.results[0]).toMatchObject({
      ruleId: 'secrets/private-key',
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a%20b%23c.ts' }, region: { startLine: 7 } } }],
      partialFingerprints: { 'parley/v1': '0'.repeat(32) },
    });
    expect(run.results[1].suppressions).toMatchObject([{ kind: 'external', status: 'accepted' }]);
    const ids = run.results.map(({ ruleId }: { ruleId: string }) => ruleId);
    expect(ids).toContain('readiness/cors/listed-origins');
    for (const { ruleId, ruleIndex, locations } of run.results) {
      expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
      expect(locations.length).toBeGreaterThan(0);
    }
  });
});

test('PDF opens, has pages with all of it, its time from the analysis, and links to lines alone', async () => {
  const { body } = renderReport(hostile, context, 'pdf');
  const opened = await getDocument({ data: Uint8Array.from(body as Uint8Array), verbosity: 0, useSystemFonts: false })
    .promise;
  const { info } = await opened.getMetadata();
  expect(info).toMatchObject({ CreationDate: 'D:20261126080000Z' });
  const texts: string[] = [];
  const links: string[] = [];
  for (let number = 1; number <= opened.numPages; number += 1) {
    const page = await opened.getPage(number);
    expect(page.view).toEqual([0, 0, 595, 842]);
    const { items } = await page.getTextContent();
    for (const item of items) {
      if (!('str' in item)) continue;
      texts.push(item.str);
      expect(item.transform[4] + item.width).toBeLessThan(595 - 30);
    }
    for (const { url } of await page.getAnnotations()) links.push(url);
  }
  expect(opened.numPages).toBeGreaterThan(2);
  const all = texts.join(' ');
  for (const text of [
    'Readiness for production: NO-GO',
    'A key is in the code.',
    'endstream',
    '\\u{4e2d}',
    'rate-limits/requests',
  ])
    expect(all).toContain(text);
  expect(new Set(links.map((link) => link.split(/\/blob\//)[0]))).toEqual(new Set(['https://github.com/ada/shop']));
  await opened.loadingTask.destroy();
});

describe('a link to a line', () => {
  test.each([
    ['https://github.com/ada/shop', 'https://github.com/ada/shop/blob/0123456/a/b%20c.ts#L3'],
    ['https://github.com/ada/shop.git', 'https://github.com/ada/shop/blob/0123456/a/b%20c.ts#L3'],
    ['https://gitlab.com/group/sub/shop/', 'https://gitlab.com/group/sub/shop/-/blob/0123456/a/b%20c.ts#L3'],
    ['https://codeberg.org/ada/digit.git', 'https://codeberg.org/ada/digit/src/commit/0123456/a/b%20c.ts#L3'],
    ['https://git.example/ada/shop', null],
    ['https://github.com.evil.example/ada/shop', null],
    ['http://github.com/ada/shop', null],
    ['javascript:alert(1)', null],
    ['https://constructor/ada/shop', null],
    ['no address', null],
  ])('of %s', (url, link) => {
    expect(sourceLink({ url, commit: '0123456' }, 'a/b c.ts', 3)).toBe(link);
  });

  test('needs a commit', () => {
    expect(sourceLink({ url: 'https://github.com/ada/shop', commit: null }, 'a.ts', 1)).toBeNull();
    expect(sourceLink({ url: 'https://github.com/ada/shop', commit: 'main/../x' }, 'a.ts', 1)).toBeNull();
  });
});
