import type { MessagePart, RunEvent } from '../../../features/chat/index.ts';

/** A run's event, wherever it is in the log. */
export type AnswerEvent = RunEvent;

/** The events that the kept parts of an answer come from. */
export function eventsOfParts(parts: readonly MessagePart[]): AnswerEvent[] {
  return parts.flatMap((part, index): AnswerEvent[] => {
    switch (part.type) {
      case 'text':
        return [
          { type: 'text-delta', part_id: part.part_id ?? (index === 0 ? '' : `part-${index}`), delta: part.text },
        ];
      case 'tool-call':
        return [{ ...part, executor: part.executor ?? 'server' }];
      case 'citation':
      case 'tool-result':
      case 'tool-approval':
        return [part];
      default:
        return [];
    }
  });
}
