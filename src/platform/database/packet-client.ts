import type { Socket } from 'node:net';
import { type ConnectionGate, GatedClient } from './connection-gate.ts';
import { type SlowStatements, StatementTimes } from './slow-statements.ts';
import { StatementNames } from './statement-names.ts';

/**
 * A client that sends what is asked within one turn of the event loop in one packet: a transaction's beginning with its
 * first statement, or the whole of a short one. A system call costs more than most of our statements.
 * Statements that come often are prepared, unless a pooler stands between that hands the connection on after a transaction.
 */
export class PacketClient extends GatedClient {
  #corked = false;
  #times: StatementTimes | null = null;

  override query(...args: never[]): never {
    this.#gather();
    const [text, values, ...rest] = args as unknown as [unknown, unknown, ...unknown[]];
    const name = typeof text === 'string' && Array.isArray(values) && values.length > 0 ? this.nameOf(text) : null;
    const call = super.query as (...all: unknown[]) => never;
    const answer = name === null ? call.apply(this, args) : call.call(this, { name, text, values }, ...rest);
    const slow = this.slow();
    if (slow && typeof text === 'string' && (answer as unknown) instanceof Promise) {
      this.#times ??= new StatementTimes(slow);
      this.#times.watch(text, answer);
    }
    return answer;
  }

  /** Who is told of slow statements; null: nobody. */
  protected slow(): SlowStatements | null {
    return null;
  }

  /** The name under which a statement is prepared; null: it is not. */
  protected nameOf(_text: string): string | null {
    return null;
  }

  #gather(): void {
    const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
    if (this.#corked) return;
    this.#corked = true;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }
}

/** @param prepare whether the server, or the pooler before it, keeps prepared statements
 * @param gate what it connects through */
export function packetClient(
  prepare: boolean,
  slow: SlowStatements | null,
  gate: ConnectionGate | null = null,
): typeof PacketClient {
  const names = prepare ? new StatementNames() : null;
  return class extends PacketClient {
    protected override nameOf(text: string): string | null {
      return names?.nameOf(text) ?? null;
    }

    protected override slow(): SlowStatements | null {
      return slow;
    }

    protected override gate(): ConnectionGate | null {
      return gate;
    }
  };
}
