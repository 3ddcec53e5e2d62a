import type { LoggedEvent } from '../../features/chat/index.ts';
import type { Principal } from '../../features/identity/index.ts';
import type { Services } from '../services.ts';

export type AskedCitation = {
  number: number;
  file: string;
  title: string;
  page: number | null;
  heading_path: readonly string[];
  quote: string;
  supported: boolean;
};

export type Collected = {
  status: 'completed' | 'failed' | 'cancelled';
  model: string;
  answer: string;
  citations: AskedCitation[];
  error: { code: string; detail: string } | null;
};

export type AskedAnswer = Collected & {
  question: string;
  documents: { ready: number; unchanged: number; removed: number; failed: readonly { path: string; detail: string }[] };
};

/** Reads a run to its end; `show` gets the text as it comes. */
export async function collectAnswer(
  events: AsyncIterable<LoggedEvent>,
  services: Services,
  principal: Principal,
  show: (text: string) => void,
): Promise<Collected> {
  const collected: Collected = { status: 'failed', model: '', answer: '', citations: [], error: null };
  for await (const event of events) {
    if (event.type === 'run-start') collected.model = event.model;
    else if (event.type === 'text-delta') {
      collected.answer += event.delta;
      show(event.delta);
    } else if (event.type === 'text-reset') collected.answer = '';
    else if (event.type === 'citation') collected.citations.push(await citationOf(event, services, principal));
    else if (event.type === 'run-end') Object.assign(collected, { status: event.status, error: event.error ?? null });
  }
  return collected;
}

type CitationEvent = Extract<LoggedEvent, { type: 'citation' }>;

async function citationOf(event: CitationEvent, { documents }: Services, principal: Principal): Promise<AskedCitation> {
  const { number, title, page, heading_path, quote, supported, document_id } = event;
  const { filename } = await documents.service.get(principal, document_id);
  return { number, file: filename ?? title, title, page, heading_path, quote, supported };
}

/** What stands below the answer in a terminal: each number once, with its file, its place and its quote. */
export function citationLines({ citations, error }: Collected): string[] {
  if (error) return [`${error.detail} (${error.code})`, ''];
  if (citations.length === 0) return [''];
  const lines = citations.map(({ number, file, page, heading_path, quote, supported }) => {
    const place = [page === null ? '' : `page ${page}`, heading_path.join(' › ')].filter(Boolean).join(', ');
    const doubt = supported ? '' : '  (not supported by the text)';
    return `  [${number}] ${file}${place ? ` – ${place}` : ''}${doubt}\n      “${shorten(quote)}”`;
  });
  return ['', ...new Set(lines), ''];
}

const QUOTE_LENGTH = 160;

function shorten(quote: string): string {
  const line = quote.replace(/\s+/g, ' ').trim();
  return line.length <= QUOTE_LENGTH ? line : `${line.slice(0, QUOTE_LENGTH - 1).toWellFormed()}…`;
}
