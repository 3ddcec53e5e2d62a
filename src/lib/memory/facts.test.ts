import { describe, expect, test } from 'vitest';
import { asksFor, factSentence, statementsOf } from './facts.ts';

const read = (text: string) =>
  statementsOf(text).facts.map(({ subject, attribute, value }) => `${subject} ${attribute}: ${value}`);

describe('statementsOf', () => {
  test.each([
    ['My name is Ann.', ['user name: Ann']],
    ['Hi, I’m Ann Lee and I live in Oslo.', ['user name: Ann Lee', 'user home: Oslo']],
    ['Please call me Bo', ['user name: Bo']],
    ['I moved to New York last month.', ['user home: New York']],
    ['Actually, I live in Bergen now.', ['user home: Bergen']],
    ['I work at Acme Corp as a welder.', ['user employer: Acme Corp']],
    ['I work as a nurse.', ['user job: nurse']],
    ['My birthday is on 4 May.', ['user birthday: 4 May']],
    ['I love figs and I hate olives.', ['user likes: figs', 'user dislikes: olives']],
    ["I don't like rain.", ['user dislikes: rain']],
    ['I am allergic to nuts!', ['user allergy: nuts']],
    ['My sister is called Eva.', ['sister name: Eva']],
    ["My dog's name is Rex.", ['dog name: Rex']],
    ['My favourite colour is green.', ['user favorite colour: green']],
    ['My name is not Ann but Anna.', ['user name: Anna']],
    ['What is my name?', []],
    ['If my name is Ann, what is yours?', []],
    ['My problem is that it rains.', []],
    ['My car is broken.', []],
    ['I’m Sorry about that.', []],
    ['My question is how to cook rice.', []],
    ['The weather is fine.', []],
    ['My salary is 50,000 dollars.', ['user salary: 50,000 dollars']],
    ['My budget is 12.500 €.', ['user budget: 12.500 €']],
    ['My height is 1,80 m.', ['user height: 1,80 m']],
    ['My birthday is 03.05.1990.', ['user birthday: 03.05.1990']],
    ['My birthday is May 3, 1990, by the way.', ['user birthday: May 3, 1990']],
    ['My birthday is on 12. Mai 1990.', []],
    ['My email is ann@mail.example.com.', ['user email: ann@mail.example.com']],
    ['My site is example.com.', []],
    ['I live in St. Louis.', []],
    ['I’m Dutch and I live in Delft.', ['user home: Delft']],
  ])('%s', (text, facts) => {
    expect(read(text)).toEqual(facts);
  });

  test('reads corrections and endings', () => {
    expect(statementsOf('No, it’s Anna, not Ann.').corrections).toMatchObject([{ from: 'Ann', to: 'Anna' }]);
    expect(statementsOf('Not Oslo but Bergen.').corrections).toMatchObject([{ from: 'Oslo', to: 'Bergen' }]);
    expect(statementsOf('It’s 50,000, not 40,000.').corrections).toMatchObject([{ from: '40,000', to: '50,000' }]);
    expect(statementsOf('I no longer like figs.').endings).toEqual([
      { subject: 'user', attribute: 'likes', value: 'figs' },
    ]);
  });
});

test('a question finds the fact that it asks for, and no other', () => {
  const name = { subject: 'user', attribute: 'name' };
  const sister = { subject: 'sister', attribute: 'name' };
  expect(asksFor('What is my name?', name)).toBe(true);
  expect(asksFor('What is my sister called?', name)).toBe(false);
  expect(asksFor('What is my sister called?', sister)).toBe(true);
  expect(asksFor('Where do I live?', { subject: 'user', attribute: 'home' })).toBe(true);
  expect(asksFor('What is my favourite colour?', { subject: 'user', attribute: 'favorite colour' })).toBe(true);
  expect(asksFor('What is the capital of Norway?', name)).toBe(false);
  expect(factSentence({ ...name, value: 'Ann' })).toBe('Your name is Ann.');
  expect(factSentence({ ...sister, value: 'Eva' })).toBe('Your sister’s name is Eva.');
});
