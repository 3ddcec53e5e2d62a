import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export type SetMessage = {
  session: string;
  message_id: string;
  role: 'user' | 'assistant';
  timestamp: string;
  text: string;
};
export type SetQuestion = {
  question_id: string;
  question: string;
  question_date: string;
  evidence: string[];
  category: string;
};

/** The set's messages, and its questions that have evidence. */
export function readMemorySet(folder: string): { messages: SetMessage[]; questions: SetQuestion[] } {
  const questions = linesOf<SetQuestion>(join(folder, 'questions.jsonl.gz'));
  return {
    messages: linesOf<SetMessage>(join(folder, 'conversations.jsonl.gz')),
    questions: questions.filter(({ evidence }) => evidence.length > 0),
  };
}

function linesOf<Line>(path: string): Line[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Line);
}
