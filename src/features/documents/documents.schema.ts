import { type Static, Type } from 'typebox';
import { pageQuery } from '../../platform/http/pagination.ts';
import { nullable, words } from '../../platform/http/schema.ts';
import type { ChunkRow, DocumentRow } from './documents.store.ts';
import type { Hit, SearchResult } from './retrieval/search.ts';
import type { SourceRow } from './sources.store.ts';

const closed = { additionalProperties: false };
const Time = Type.String({ format: 'date-time' });
const Id = Type.String({ format: 'uuid' });
const Span = Type.Object(
  { start: Type.Integer(), end: Type.Integer() },
  { description: 'Offsets into the document’s text, in UTF-16 units, end exclusive.' },
);

export const Metadata = Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), {
  maxProperties: 50,
  description: 'Anything of yours; 50 keys at most. Searches can be filtered by it.',
});

export const IdParams = Type.Object({ id: Id }, closed);

const STATUSES = ['queued', 'processing', 'ready', 'failed'] as const;

export const NewTextDocument = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 300, pattern: '\\S' }),
    content: Type.String({
      minLength: 1,
      pattern: '\\S',
      description: 'The text. Larger ones are uploaded as a file.',
    }),
    content_type: Type.Optional(
      words(['text/plain', 'text/markdown', 'text/html', 'text/csv', 'application/json'], { default: 'text/plain' }),
    ),
    metadata: Type.Optional(Metadata),
  },
  closed,
);
export type NewTextDocument = Static<typeof NewTextDocument>;

export const DocumentView = Type.Object(
  {
    id: Id,
    title: Type.String(),
    filename: nullable(Type.String()),
    content_type: Type.String(),
    size_bytes: Type.Integer(),
    status: words(STATUSES),
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    error: nullable(Type.Object({ code: Type.String(), detail: Type.String() })),
    warnings: Type.Array(Type.String(), { description: 'What could not be read, for a person.' }),
    language: nullable(Type.String(), { description: 'How its words are stemmed; `simple`: not at all.' }),
    chunk_count: Type.Integer(),
    page_count: nullable(Type.Integer()),
    metadata: Metadata,
    source_id: nullable(Id),
    path: nullable(Type.String(), { description: 'Where in its source.' }),
    created_by: nullable(Id),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'Document' },
);
export type DocumentView = Static<typeof DocumentView>;

const Cursor = nullable(Type.String(), { description: 'Null on the last page.' });
export const DocumentPage = Type.Object({ data: Type.Array(DocumentView), next_cursor: Cursor });
export const DocumentsView = Type.Object({ data: Type.Array(DocumentView) });

export const DocumentQuery = Type.Object(
  { ...pageQuery, status: Type.Optional(words(STATUSES)), source_id: Type.Optional(Id) },
  closed,
);
export type DocumentQuery = Static<typeof DocumentQuery>;

/** Characters of text that one answer gives. */
const CONTENT_WINDOW = 20_000;
export const MAX_CONTENT_WINDOW = 200_000;

export const ContentQuery = Type.Object(
  {
    start: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
    end: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: `At most ${MAX_CONTENT_WINDOW} behind start; ${CONTENT_WINDOW} unless told.`,
      }),
    ),
  },
  closed,
);

export const ContentView = Type.Object(
  {
    document_id: Id,
    title: Type.String(),
    text: Type.String(),
    start: Type.Integer(),
    end: Type.Integer(),
    length: Type.Integer({ description: 'Of the whole text, in UTF-16 units.' }),
  },
  { title: 'DocumentText' },
);

/** What a request for a stretch of a text of this length gets. */
export function contentRange(
  { start = 0, end }: Static<typeof ContentQuery>,
  length: number,
): { start: number; end: number } {
  const from = Math.min(start, length);
  const to = Math.min(end ?? from + CONTENT_WINDOW, from + MAX_CONTENT_WINDOW, length);
  return { start: from, end: Math.max(from, to) };
}

export const ChunkView = Type.Object(
  {
    chunk_id: Id,
    document_id: Id,
    title: Type.String(),
    text: Type.String(),
    span: Span,
    index: Type.Integer(),
    heading_path: Type.Array(Type.String()),
    page: nullable(Type.Integer()),
    metadata: Metadata,
  },
  { title: 'Chunk' },
);

export const MAX_QUERY_LENGTH = 10_000;

export const SearchBody = Type.Object(
  {
    query: Type.String({ minLength: 1, maxLength: MAX_QUERY_LENGTH, pattern: '\\S' }),
    top_k: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 8 })),
    mode: Type.Optional(words(['hybrid', 'dense', 'sparse'], { default: 'hybrid' })),
    filter: Type.Optional(
      Type.Object(
        {
          document_ids: Type.Optional(Type.Array(Id, { maxItems: 1_000 })),
          source_ids: Type.Optional(Type.Array(Id, { maxItems: 1_000 })),
          metadata: Type.Optional(Metadata),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type SearchBody = Static<typeof SearchBody>;

export const HitView = Type.Object(
  {
    chunk_id: Id,
    document_id: Id,
    source_id: nullable(Id),
    title: Type.String(),
    text: Type.String(),
    score: Type.Number({ description: 'The order of the hits: hybrid 0 to 1, dense the cosine, sparse BM25.' }),
    scores: Type.Object({ dense: Type.Optional(Type.Number()), sparse: Type.Optional(Type.Number()) }),
    span: Span,
    heading_path: Type.Array(Type.String()),
    page: nullable(Type.Integer()),
    metadata: Metadata,
  },
  { title: 'Hit' },
);

export const SearchView = Type.Object({
  data: Type.Array(HitView),
  mode_used: words(['hybrid', 'dense', 'sparse'], {
    description: 'hybrid becomes sparse where there is no embedding model, or where it failed.',
  }),
});

export const SourceView = Type.Object(
  {
    id: Id,
    kind: words(['folder']),
    name: Type.String(),
    document_count: Type.Integer(),
    synchronized_at: nullable(Time),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'Source' },
);
export const SourcePage = Type.Object({ data: Type.Array(SourceView), next_cursor: Cursor });

export function presentDocument(row: DocumentRow): DocumentView {
  return {
    id: row.id,
    title: row.title,
    filename: row.filename,
    content_type: row.content_type,
    size_bytes: row.size_bytes,
    status: row.status,
    progress: row.progress,
    error: row.error,
    warnings: row.warnings,
    language: row.language,
    chunk_count: row.chunk_count,
    page_count: row.page_count,
    metadata: row.metadata,
    source_id: row.source_id,
    path: row.path,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export function presentChunk(row: ChunkRow): Static<typeof ChunkView> {
  return {
    chunk_id: row.id,
    document_id: row.document_id,
    title: row.title,
    text: row.text,
    span: { start: row.start_offset, end: row.end_offset },
    index: row.index,
    heading_path: row.heading_path,
    page: row.page_start,
    metadata: row.metadata,
  };
}

export function presentSearch({ hits, modeUsed }: SearchResult): Static<typeof SearchView> {
  return { data: hits.map(presentHit), mode_used: modeUsed };
}

function presentHit(hit: Hit): Static<typeof HitView> {
  return {
    chunk_id: hit.id,
    document_id: hit.document_id,
    source_id: hit.source_id,
    title: hit.title,
    text: hit.text,
    score: hit.score,
    scores: hit.scores,
    span: { start: hit.start_offset, end: hit.end_offset },
    heading_path: hit.heading_path,
    page: hit.page_start,
    metadata: hit.metadata,
  };
}

export function presentSource(row: SourceRow): Static<typeof SourceView> {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    document_count: row.document_count,
    synchronized_at: row.synchronized_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
