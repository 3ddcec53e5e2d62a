export { memoryRoutes } from './memory.routes.ts';
export { NewMessage } from './memory.schema.ts';
export { createMemory, type Memory, type MemoryDependencies } from './memory.ts';
export { RecallBody } from './recall/recall.schema.ts';
export { assertOwnTenant } from './remember/write-memories.ts';
