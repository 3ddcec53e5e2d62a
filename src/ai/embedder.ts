/** The port to anything that turns text into vectors. */
export type Embedder = {
  /** `provider/model`; stored with each vector, because vectors of two models must never be compared. */
  readonly id: string;
  /** As of a ChatModel. */
  readonly paidBy?: 'tenant';
  /** One vector for each text, in order. An empty list gives an empty list. Never a made-up vector: a failure throws.
   * `onUsage` gets the input tokens of each request that was answered, also when a later one then fails.
   * @throws ModelError */
  embed(
    texts: readonly string[],
    signal: AbortSignal,
    onUsage?: (inputTokens: number) => void,
  ): Promise<readonly (readonly number[])[]>;
  /** In embedders that may make several requests for one call: see `around.ts`. */
  around?(wrap: (one: Embedder) => Embedder): Embedder;
};
