import type { Analysis } from '../analysis.ts';
import { composeReport } from './compose-report.ts';
import { HTML_CONTENT_POLICY, htmlOf } from './html.ts';
import { jsonOf } from './json.ts';
import { markdownOf } from './markdown.ts';
import { pdfOf } from './pdf.ts';
import type { RenderedReport, ReportContext, ReportFormat } from './report-context.ts';
import { sarifOf } from './sarif.ts';

const CLOSED = "default-src 'none'; sandbox";

type Form = {
  extension: string;
  contentType: string;
  render(analysis: Analysis, context: ReportContext): string | Uint8Array;
};

const FORMS: Readonly<Record<ReportFormat, Form>> = {
  json: { extension: 'json', contentType: 'application/json; charset=utf-8', render: jsonOf },
  sarif: { extension: 'sarif', contentType: 'application/sarif+json; charset=utf-8', render: sarifOf },
  markdown: {
    extension: 'md',
    contentType: 'text/markdown; charset=utf-8',
    render: (analysis, context) => markdownOf(composeReport(analysis, context)),
  },
  html: {
    extension: 'html',
    contentType: 'text/html; charset=utf-8',
    render: (analysis, context) => htmlOf(titleOf(context), composeReport(analysis, context)),
  },
  pdf: {
    extension: 'pdf',
    contentType: 'application/pdf',
    render: (analysis, context) => pdfOf(titleOf(context), context.analysedAt, composeReport(analysis, context)),
  },
};

/** A report of an analysis. The same analysis and context give the same bytes; what a code base holds is text in all forms. */
export function renderReport(analysis: Analysis, context: ReportContext, format: ReportFormat): RenderedReport {
  const { extension, contentType, render } = FORMS[format];
  return {
    body: render(analysis, context),
    contentType,
    fileName: `parley-${fileNameOf(context.repository)}-${context.analysedAt.slice(0, 10)}.${extension}`,
    contentPolicy: format === 'html' ? HTML_CONTENT_POLICY : CLOSED,
  };
}

function titleOf({ repository }: ReportContext): string {
  return `Analysis of ${repository}`;
}

/** Letters that every file system and header bears. */
function fileNameOf(repository: string): string {
  const name = repository.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+/, '');
  return name.slice(0, 60) || 'repository';
}
