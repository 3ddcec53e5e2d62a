import type { App } from '../../platform/http/server.ts';
import { factRoutes } from './fact.routes.ts';
import type { Memory } from './memory.ts';
import { messageRoutes } from './message.routes.ts';
import { recallRoutes } from './recall.routes.ts';
import { retentionRoutes } from './retention/retention.routes.ts';

/** All addresses of memory. */
export function memoryRoutes(app: App, memory: Memory): void {
  messageRoutes(app, memory);
  retentionRoutes(app, memory.retention);
  recallRoutes(app, memory);
  factRoutes(app, memory);
}
