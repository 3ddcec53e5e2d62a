import type { WebSocket } from '../../platform/http/web-socket.ts';
import type { Logger } from '../../platform/telemetry/log.ts';
import { closeSoon } from './outbox.ts';

export type CheckTimes = {
  /** How often a client is asked whether it is there, ms. */
  alive: number;
  /** How long a credential that has ended may go unnoticed while its client says nothing, ms. */
  credential: number;
};

/** One client's connection, of whatever dialect. */
export type Connection = {
  readonly userId: string;
  readonly tenantId: string;
  checkAlive(): void;
  /** Whether its credential still holds; ends the connection where it does not. */
  checkCredential(): Promise<boolean>;
};

/** All connections of this process. */
export class OpenConnections {
  readonly #open = new Map<WebSocket, Connection>();
  readonly #log: Logger;
  readonly #timers: readonly NodeJS.Timeout[];
  #checking: Promise<void> | null = null;

  constructor(log: Logger, times: CheckTimes) {
    this.#log = log;
    const alive = setInterval(() => {
      for (const connection of this.#open.values()) connection.checkAlive();
    }, times.alive);
    const credential = setInterval(() => this.#checkCredentials(), times.credential);
    this.#timers = [alive.unref(), credential.unref()];
  }

  add(socket: WebSocket, connection: Connection): void {
    this.#open.set(socket, connection);
    socket.once('close', () => this.#open.delete(socket));
  }

  /** Looks at the credentials of one user's connections, whose access has changed. */
  async checkUser(userId: string): Promise<void> {
    for (const connection of this.#open.values()) if (connection.userId === userId) await this.#check(connection);
  }

  /** Looks at the credentials of a tenant's connections, which may have been suspended. */
  async checkTenant(tenantId: string): Promise<void> {
    for (const connection of this.#open.values()) if (connection.tenantId === tenantId) await this.#check(connection);
  }

  /** Tells every client that the server restarts, and resolves when all are gone. */
  async closeAll(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(
      [...this.#open.keys()].map((socket) => {
        const gone = new Promise((resolve) => socket.once('close', resolve));
        closeSoon(socket, 1012, 'Service restart');
        return gone;
      }),
    );
  }

  /** One after another, and never two rounds at once: what thousands of silent clients cost the database stays small. */
  #checkCredentials(): void {
    this.#checking ??= this.#checkEach().finally(() => {
      this.#checking = null;
    });
  }

  async #checkEach(): Promise<void> {
    for (const connection of this.#open.values()) await this.#check(connection);
  }

  async #check(connection: Connection): Promise<void> {
    await connection.checkCredential().catch((error: unknown) => {
      this.#log.warn({ err: error }, 'the credential of a WebSocket could not be checked');
    });
  }
}
