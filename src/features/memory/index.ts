export { memoryRoutes } from './memory.routes.ts';
export { createMemory, type Memory, type MemoryDependencies } from './memory.ts';
