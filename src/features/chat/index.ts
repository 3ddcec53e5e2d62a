export { chatRoutes } from './chat.routes.ts';
export { RetrievalOptions, type RunView, type SessionView } from './chat.schema.ts';
export { type Chat, type ChatDependencies, createChat } from './chat.ts';
export type {
  ActPart,
  AttachmentPart,
  CitationPart,
  InputPart,
  MessagePart,
  MessageView,
  ToolCallPart,
  ToolResultPart,
} from './message.ts';
export type { RecallFor, RetrieveFor, RunLimits } from './run/answering.ts';
export { hasEndedRuns, passOverPreviousRun, takeEndedRuns } from './run/ended-runs.store.ts';
export type { EventLine, LoggedEvent, RunEvent, RunFault, RunUsage } from './run/event.ts';
export type { EvidencePassage } from './run/evidence.ts';
export { MOST_GIVEN_MESSAGES } from './run/model-context.ts';
export type { Retrieved } from './run/produce-answer.ts';
export type { NewRunSession, RunDetail } from './run/run.service.ts';
export { type AwaitedCall, payerOf, type RunRequest, type RunRow } from './run/run.store.ts';
export type { GivenMessage, RunInput } from './run/run-to-save.ts';
export { type RunTool, type ToolContext, ToolError, type ToolOwner, type ToolSource } from './run/run-tools.ts';
export type { NewToolDecision, NewToolOutput } from './run/tool-answers.ts';
export type { ClientTool, ServerToolChoice, ToolChoice, ToolRequest } from './run/tool-request.ts';
export { leaseTimesOf } from './run/worker-lease.ts';
export type { SessionQuota } from './session.service.ts';
export { sessionOwner } from './session.store.ts';
export { RunToolChoice, RunTools } from './tools.schema.ts';
