import type { CitationPart } from '../../features/chat/index.ts';

/** What both forms of citation say beside OpenAI's own fields; its clients pass over what they do not know. */
function more({ chunk_id, quote, span, page, supported }: CitationPart) {
  return { chunk_id, quote, span, page, supported };
}

/** For Chat Completions, which know citations of addresses only. @param before characters of text before the part */
export function urlCitation(citation: CitationPart, before: number) {
  const { answer_span, document_id, title } = citation;
  return {
    type: 'url_citation' as const,
    url_citation: {
      start_index: before + answer_span.start,
      end_index: before + answer_span.end,
      title,
      url: `/v1/documents/${document_id}/content?start=${citation.span.start}&end=${citation.span.end}`,
      document_id,
      ...more(citation),
    },
  };
}

/** For Responses. `index` is where in the text the citation belongs. */
export function fileCitation(citation: CitationPart) {
  const { answer_span, document_id, title } = citation;
  return {
    type: 'file_citation' as const,
    file_id: document_id,
    filename: title,
    index: answer_span.end,
    start_index: answer_span.start,
    end_index: answer_span.end,
    ...more(citation),
  };
}
export type UrlCitation = ReturnType<typeof urlCitation>;
export type FileCitation = ReturnType<typeof fileCitation>;
