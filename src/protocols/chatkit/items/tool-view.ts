import type { FileSource, Question, Task } from '../wire.ts';
import { isRecord } from './shown.ts';

/** The tool of the page by which a model asks its user; answered as structured input instead of by the page's code. */
export const ASKING_TOOL = 'ask_user';

export type Call = {
  id: string;
  name: string;
  input: unknown;
  /** In the order of the answer's calls, from 1. */
  place: number;
  byClient: boolean;
  /** Null: none is asked for, or it was given. */
  approval: 'needed' | 'declined' | null;
  result: { output?: unknown; error?: string } | null;
};

export const APPROVE = 'Approve';
export const DECLINE = 'Decline';
/** Why a call was not allowed whose question the user passed over; the model reads it. */
export const SKIPPED = 'The question was skipped.';
const LONGEST_INPUT_SHOWN = 300;

/** What the user is asked before a call is made. */
export function approvalQuestion({ id, name, input }: Call): Question {
  const written = JSON.stringify(input) ?? '';
  const shown = written.length > LONGEST_INPUT_SHOWN ? `${written.slice(0, LONGEST_INPUT_SHOWN)}…` : written;
  const withInput = shown === '' || shown === '{}' ? '' : ` with ${shown}`;
  return {
    id,
    question: `Allow “${titleOf(name)}”${withInput}?`,
    type: 'multiple_choice',
    options: [{ value: APPROVE }, { value: DECLINE }],
    multiple: false,
  };
}

/** The questions of a call of `ask_user`; null when it has none, and is a call like any other. */
export function questionsOf({ name, input }: Pick<Call, 'name' | 'input'>): Question[] | null {
  if (name !== ASKING_TOOL || !isRecord(input) || !Array.isArray(input.questions)) return null;
  const questions = input.questions.flatMap(questionOf);
  return questions.length > 0 ? questions : null;
}

function questionOf(given: unknown, index: number): Question[] {
  const asked = typeof given === 'string' ? { question: given } : given;
  if (!isRecord(asked) || typeof asked.question !== 'string') return [];
  const base = { id: typeof asked.id === 'string' ? asked.id : `q${index + 1}`, question: asked.question };
  const options = Array.isArray(asked.options) ? asked.options.flatMap(optionOf) : [];
  if (options.length > 0) return [{ ...base, type: 'multiple_choice', options, multiple: asked.multiple === true }];
  const { description } = asked;
  return [{ ...base, type: 'freeform', ...(typeof description === 'string' && { description }) }];
}

function optionOf(option: unknown): { value: string }[] {
  const value = isRecord(option) ? option.value : option;
  return typeof value === 'string' ? [{ value }] : [];
}

/** The questions with what was answered, as `ask_user` returns it. */
export function answeredQuestions(questions: readonly Question[], output: unknown): Question[] {
  const answers = isRecord(output) && isRecord(output.answers) ? output.answers : {};
  return questions.map((question) => {
    const answer = answers[question.id];
    const values = isRecord(answer) && Array.isArray(answer.values) ? answer.values.map(String) : [];
    return { ...question, answer: { values, skipped: values.length === 0 } };
  });
}

/** Whether the questions were answered or skipped as a whole, as `ask_user` returns it. */
export function submissionOf(output: unknown): 'answered' | 'skipped' {
  return isRecord(output) && output.status === 'skipped' ? 'skipped' : 'answered';
}

/** A call that the server makes, as a line of a workflow. */
export function taskOf({ name, result, approval }: Call): Task {
  const status_indicator = result === null ? 'loading' : 'complete';
  const sources = sourcesOf(result?.output);
  if (sources.length > 0) return { type: 'file', title: titleOf(name), sources, status_indicator };
  const content = approval === 'declined' ? 'Declined.' : result?.error;
  return { type: 'custom', title: titleOf(name), ...(content !== undefined && { content }), status_indicator };
}

/** Documents that a search found, each once. */
function sourcesOf(output: unknown): FileSource[] {
  const found = isRecord(output) ? (output.passages ?? output.hits ?? output.data) : output;
  if (!Array.isArray(found)) return [];
  const titles = found.flatMap((hit) =>
    isRecord(hit) && typeof hit.title === 'string' && 'document_id' in hit ? [hit.title] : [],
  );
  return [...new Set(titles)].map((title) => ({ type: 'file', title, filename: title }));
}

/** `search_documents` as a person reads it: “Search documents”. */
function titleOf(name: string): string {
  const words = name.replace(/[_\-.]+/g, ' ').trim();
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}
