export { chatRoutes } from './chat.routes.ts';
export { type Chat, type ChatDependencies, createChat } from './chat.ts';
export type { LoggedEvent, RunEvent } from './run/event.ts';
export type { EvidencePassage, Retrieved } from './run/produce-answer.ts';
export type { RunRow } from './run/run.store.ts';
export type { RetrieveFor } from './run/run-engine.ts';
