import { setTimeout } from 'node:timers/promises';
import { type FakeUpstream, fakeUpstream } from '../../../src/ai/http/fake-upstream.ts';

/** A model that counts, word by word, until it is told to finish; asked again, it goes on behind the last word of the answer. */
export type EndlessUpstream = FakeUpstream & { finish(): void };

type Message = { role: string; content: unknown };

/** `paceMs`: between two words of an answer. */
export async function endlessUpstream(paceMs: number): Promise<EndlessUpstream> {
  let isFinished = false;
  const upstream = await fakeUpstream(async (response, { body, abandoned }) => {
    let gone = false;
    void abandoned.then(() => (gone = true));
    const send = (choice: object) =>
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let next = nextWord(body.messages as Message[]);
    do {
      if (gone) return;
      send({ delta: { content: `w${next} ` }, finish_reason: null });
      next += 1;
      await setTimeout(paceMs);
    } while (!isFinished);
    send({ delta: {}, finish_reason: 'stop' });
    response.end('data: [DONE]\n\n');
  });
  return Object.assign(upstream, {
    finish: () => {
      isFinished = true;
    },
  });
}

function nextWord(messages: readonly Message[]): number {
  const last = messages.findLast(({ role }) => role === 'assistant');
  const said = [...String(last?.content ?? '').matchAll(/w(\d+)/g)];
  return Number(said.at(-1)?.[1] ?? -1) + 1;
}

/** Whether a text is such an answer from its first word on, with none left out and none twice. */
export function isCounted(text: string): boolean {
  const words = text.trim().split(' ');
  return words.length > 0 && words.every((word, index) => word === `w${index}`);
}
