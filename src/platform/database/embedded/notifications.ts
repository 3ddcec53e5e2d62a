import { identifier } from '../database.ts';
import type { EmbeddedSession } from './embedded-session.ts';

type Callback = (payload: string) => void;

/** LISTEN for several callers of one channel. */
export class Notifications {
  readonly #execute: (statement: string) => Promise<void>;
  readonly #callbacks = new Map<string, Set<Callback>>();

  constructor(session: EmbeddedSession, execute: (statement: string) => Promise<void>) {
    this.#execute = execute;
    session.onNotification((channel, payload) => {
      for (const callback of this.#callbacks.get(channel) ?? []) callback(payload);
    });
  }

  async listen(channel: string, onPayload: Callback): Promise<() => Promise<void>> {
    const callbacks = this.#callbacks.get(channel) ?? new Set();
    this.#callbacks.set(channel, callbacks.add(onPayload));
    // Repeated for a second caller: it costs nothing, and nobody returns before the channel is really listened to.
    await this.#execute(`LISTEN ${identifier(channel)}`);
    return async () => {
      callbacks.delete(onPayload);
      if (callbacks.size === 0) await this.#unlisten(channel, callbacks);
    };
  }

  async #unlisten(channel: string, callbacks: Set<Callback>): Promise<void> {
    if (this.#callbacks.get(channel) !== callbacks) return;
    this.#callbacks.delete(channel);
    await this.#execute(`UNLISTEN ${identifier(channel)}`);
  }
}
