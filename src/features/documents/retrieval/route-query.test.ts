import { describe, expect, test } from 'vitest';
import { type Route, routeQuery } from './route-query.ts';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const history = [user('What is the refund policy?'), assistant('30 days.'), user('And in France?'), assistant('14.')];

describe('routeQuery', () => {
  test.each<[string, Route]>([
    ['hi', 'greeting'],
    ['Hello there!', 'greeting'],
    ['Good morning, everyone', 'greeting'],
    ['how are you?', 'greeting'],
    ['What’s up?', 'greeting'],
    ['thanks a lot', 'greeting'],
    ['Thank you very much!! 🙏', 'greeting'],
    ['ok thanks, bye', 'greeting'],
    ['Guten Tag', 'greeting'],
    ['¡Hola!', 'greeting'],
    ['Compare PostgreSQL with MySQL', 'multi_hop'],
    ['What is the difference between a lease and a rental?', 'multi_hop'],
    ['How does billing work?', 'multi_hop'],
    ['Why does the build fail?', 'multi_hop'],
    ['Summarise the report', 'summarization'],
    ['Give me an overview of the project', 'summarization'],
    ['list all projects', 'summarization'],
    ['What is this document about?', 'summarization'],
    ['Can you clarify what you mean?', 'clarification'],
    ['What do you mean?', 'clarification'],
    ['explain', 'clarification'],
    ['What is the weather tomorrow?', 'out_of_scope'],
    ['tell me a joke', 'out_of_scope'],
    ['What is the notice period?', 'factual_qa'],
    ['Wie lange ist die Kündigungsfrist?', 'factual_qa'],
    ['🤷', 'factual_qa'],
    ['', 'factual_qa'],
  ])('%j is %s', (question, route) => {
    expect(routeQuery(question).route).toBe(route);
  });

  test.each<[string, Route]>([
    ['list his skills', 'factual_qa'],
    ['which projects exist', 'factual_qa'],
    ['hi, which projects exist?', 'factual_qa'],
    ['Hello Kitty turnover 2023', 'factual_qa'],
    ['Thanks to whom was the bridge built?', 'factual_qa'],
    ['Who hired the histories department?', 'factual_qa'],
    ['What does the brainstorming manual say?', 'factual_qa'],
    ['Describe the brand', 'factual_qa'],
    ['Where is the newsletter archive?', 'factual_qa'],
    ['Who trained the model?', 'factual_qa'],
  ])('%j holds words of other kinds inside of its own: %s', (question, route) => {
    expect(routeQuery(question, history).route).toBe(route);
  });

  test('a follow-up needs a conversation', () => {
    expect(routeQuery('What about Germany?', history).route).toBe('conversational');
    expect(routeQuery('And Germany?', history).route).toBe('conversational');
    expect(routeQuery('What about Germany?').route).toBe('factual_qa');
    expect(routeQuery('Android phones', history).route).toBe('factual_qa');
  });

  test('brings along the question before, where this one leans on it', () => {
    expect(routeQuery('What about Germany?', history).query).toBe('And in France?\nWhat about Germany?');
    expect(routeQuery('How long does it take?', history).query).toBe('And in France?\nHow long does it take?');
    expect(routeQuery('Deadline?', history).query).toBe('And in France?\nDeadline?');
    expect(routeQuery('Who signs the contracts of new employees?', history).query).toBe(
      'Who signs the contracts of new employees?',
    );
  });

  test('does not take the question itself for the one before', () => {
    const withItself = [user('What is the refund policy?'), assistant('30 days.'), user('Deadline?')];
    expect(routeQuery('Deadline?', withItself).query).toBe('What is the refund policy?\nDeadline?');
  });

  test('tells a summary of something from one of everything', () => {
    expect(routeQuery('Please summarise the refund policy')).toMatchObject({
      query: 'refund policy',
      asksForWhole: false,
    });
    for (const question of ['Summarize this document', 'Give me an overview', 'tl;dr', 'What are these files about?']) {
      expect(routeQuery(question), question).toMatchObject({ query: '', asksForWhole: true });
    }
  });

  test('takes no longer for a hostile question than for its length', () => {
    const started = performance.now();
    for (const part of ['hello ', 'how are ', 'good good ', ', , , ', 'summary ', 'what is ', 'ok ok ', '¡']) {
      routeQuery(part.repeat(20_000 / part.length), history);
      routeQuery(part.repeat(Math.floor(99 / part.length)), history);
    }
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
