import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';

export type Frame = { type: string; [field: string]: unknown };
export type Closed = { code: number; reason: string };

/** A client of the chat over WebSocket: `ws`, as it is, and a list of what came. */
export class WebSocketClient {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<Closed>;
  #taken = 0;
  #came = Promise.withResolvers<void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (text) => {
      this.frames.push(JSON.parse(String(text)) as Frame);
      this.#came.resolve();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve({ code, reason: String(reason) });
        this.#came.resolve();
      });
    });
    socket.on('error', () => undefined);
  }

  /** Not open yet. @param protocols subprotocols that are offered */
  static dial(address: string, options: ClientOptions = {}, path = '/v1/ws/chat', protocols: string[] = []) {
    const { host, protocol } = new URL(address);
    const scheme = protocol === 'https:' ? 'wss' : 'ws';
    return new WebSocketClient(new WebSocket(`${scheme}://${host}${path}`, protocols, options));
  }

  static async open(...args: Parameters<typeof WebSocketClient.dial>): Promise<WebSocketClient> {
    const client = WebSocketClient.dial(...args);
    await once(client.socket, 'open');
    return client;
  }

  /** The status and body that a server refuses the connection with. */
  static async refusal(...args: Parameters<typeof WebSocketClient.dial>) {
    const { socket } = WebSocketClient.dial(...args);
    const [, response] = await once(socket, 'unexpected-response');
    let body = '';
    for await (const piece of response) body += piece;
    return { status: response.statusCode as number, headers: response.headers, problem: JSON.parse(body) };
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame of this type behind those that were taken before. */
  async next(type: string): Promise<Frame> {
    for (;;) {
      const found = this.frames.findIndex((frame, index) => index >= this.#taken && frame.type === type);
      if (found >= 0) {
        this.#taken = found + 1;
        return this.frames[found] as Frame;
      }
      const refused = type !== 'error' && this.frames.slice(this.#taken).find((frame) => frame.type === 'error');
      if (refused) throw new Error(`refused: ${JSON.stringify(refused)}`);
      if (this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(`closed before a frame "${type}"; there were ${JSON.stringify(this.frames)}`);
      }
      await this.#came.promise;
      this.#came = Promise.withResolvers<void>();
    }
  }

  /** The text of all `stream` frames of a run. */
  textOf(runId: unknown): string {
    return this.frames
      .filter(({ type, run_id }) => type === 'stream' && run_id === runId)
      .map(({ content }) => content)
      .join('');
  }
}
