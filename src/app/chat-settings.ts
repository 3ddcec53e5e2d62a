import { integer, oneOf, setting } from './setting.ts';

/** How answers are made. */
export const chatSettings = {
  runMostSteps: setting(
    'RUN_MOST_STEPS',
    integer(1, 100),
    10,
    'Rounds of model and tools in one run at most; a run may ask for fewer.',
  ),
  chatTitles: setting(
    'CHAT_TITLES',
    oneOf('model', 'question', 'off'),
    'model',
    'Who titles a session after its first answer: the model, by a short call that is paid for as any other; the question itself; or nobody. Tenants may choose otherwise.',
  ),
  historyTokens: setting(
    'HISTORY_TOKENS',
    integer(0, 1_000_000),
    32_000,
    'Tokens of earlier messages that a model is told at most; less where its context window has no room for them.',
  ),
  contextTokens: setting(
    'CONTEXT_TOKENS',
    integer(1_000, 10_000_000),
    16_000,
    'Context window, question and answer together, of models whose price entry does not say it, tokens.',
  ),
  toolWaitMinutes: setting(
    'TOOL_WAIT_MINUTES',
    integer(1, 43_200),
    1_440,
    'How long a run waits for the output of a client’s tool, or for a word on a call, before it is given up, minutes.',
  ),
};
