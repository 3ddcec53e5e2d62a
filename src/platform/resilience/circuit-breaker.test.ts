import { describe, expect, it } from 'vitest';
import { CircuitOpen, circuitBreaker } from './circuit-breaker.ts';

function fixture() {
  let time = 0;
  const changes: string[] = [];
  const breaker = circuitBreaker({
    failures: 3,
    coolDown: 1000,
    now: () => time,
    onChange: (state) => changes.push(state),
  });
  const fail = (times: number) => {
    for (let i = 0; i < times; i += 1) breaker.enter().failed();
  };
  return {
    breaker,
    changes,
    fail,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

describe('circuitBreaker', () => {
  it('opens at the third failure in a row and says how long it stays open', () => {
    const { breaker, fail, pass, changes } = fixture();
    fail(2);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
    pass(400);
    expect(() => breaker.enter()).toThrow(expect.objectContaining({ name: 'CircuitOpen', retryAfter: 600 }));
    expect(changes).toEqual(['open']);
  });

  it('counts only failures in a row', () => {
    const { breaker, fail } = fixture();
    fail(2);
    breaker.enter().succeeded();
    fail(2);
    expect(breaker.state).toBe('closed');
  });

  it('does not forget failures for an answer that then broke', () => {
    const { breaker } = fixture();
    for (let i = 0; i < 3; i += 1) {
      const call = breaker.enter();
      call.answered();
      call.failed();
    }
    expect(breaker.state).toBe('open');
  });

  it('lets one call probe after the cool-down and closes when it is answered', () => {
    const { breaker, fail, pass, changes } = fixture();
    fail(3);
    pass(1000);
    const probe = breaker.enter();
    expect(breaker.state).toBe('half-open');
    expect(() => breaker.enter()).toThrow(CircuitOpen);
    probe.answered();
    expect(breaker.state).toBe('closed');
    breaker.enter().succeeded();
    probe.succeeded();
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it('opens again when the probe fails', () => {
    const { breaker, fail, pass } = fixture();
    fail(3);
    pass(1000);
    breaker.enter().failed();
    expect(breaker.state).toBe('open');
    pass(999);
    expect(() => breaker.enter()).toThrow(CircuitOpen);
  });

  it('lets the next call probe when the probe was abandoned', () => {
    const { breaker, fail, pass } = fixture();
    fail(3);
    pass(1000);
    breaker.enter().abandoned();
    breaker.enter().succeeded();
    expect(breaker.state).toBe('closed');
  });

  it('does not wait for ever for a probe that never settles', () => {
    const { breaker, fail, pass } = fixture();
    fail(3);
    pass(1000);
    const lost = breaker.enter();
    pass(1000);
    breaker.enter().succeeded();
    lost.failed();
    expect(breaker.state).toBe('closed');
  });

  it('does not listen to calls that began before it opened', () => {
    const { breaker, fail } = fixture();
    const slow = breaker.enter();
    fail(3);
    slow.succeeded();
    expect(breaker.state).toBe('open');
  });

  it('settles a permit once', () => {
    const { breaker } = fixture();
    const call = breaker.enter();
    for (let i = 0; i < 5; i += 1) call.failed();
    expect(breaker.state).toBe('closed');
  });
});
