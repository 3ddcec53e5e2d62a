const BEAT_MS = 20;

/** How late the event loop is. */
export type EventLoopWatch = {
  /** ms since it last came to its timers, beyond the usual: how long whoever comes now has waited already, or more. */
  lateness(): number;
  stop(): void;
};

/** A beat, because averages of a sampler say too late that a thousand requests came at once: all are read before any timer
 * runs. What stood still and is over counts no longer at the first beat after it. */
export function watchEventLoop(): EventLoopWatch {
  let last = performance.now();
  const beat = setInterval(() => {
    last = performance.now();
  }, BEAT_MS).unref();
  return {
    lateness: () => Math.max(0, performance.now() - last - BEAT_MS),
    stop: () => clearInterval(beat),
  };
}
