/** A statement of a person on themselves: "My name is Ann" → user, name, Ann. */
export type Fact = {
  /** `user`, or who stands to them: `sister`, `dog`. */
  subject: string;
  attribute: string;
  value: string;
  /** Whether there is but one at a time. */
  isSingle: boolean;
  /** The sentence that says so. */
  quote: string;
};
/** "It's Anna, not Ann": whatever fact has the old value gets the new one. */
export type Correction = { from: string; to: string; quote: string };
/** "I no longer like figs." */
export type Ending = { subject: string; attribute: string; value: string };

export type Statements = { facts: Fact[]; corrections: Correction[]; endings: Ending[] };

const SENTENCE = /[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]?/g;
/** What is asked, supposed or quoted is not stated. */
const UNSTATED = /\?\s*$|^\s*(?:if|suppose|imagine|what if|when|unless|would|could|should)\b|\bas if\b|["“].*["”]/i;
const OPENING =
  /^\s*(?:(?:hi|hello|hey|ok(?:ay)?|well|so|no|yes|and|but|oh|sorry|actually|by the way|btw|fyi|correction|wait|please|remember(?: that)?|note(?: that)?|don['’]t forget(?: that)?|just so you know)\b[\s,:;!–—-]*)+/i;

const NAME = String.raw`([A-Z\p{Lu}][\p{L}'’-]*(?: [A-Z\p{Lu}][\p{L}'’-]*){0,3})`;
// A point or comma between digits is a part of the number, whichever a country writes: 50,000, 12.500, 3.5.1990; so is
// that before a year: May 3, 1990.
const CHARACTER = String.raw`(?:[^.,;!?\n]|(?<=\d)[.,](?=\d)|(?<=\d),(?= (?:19|20)\d\d\b)|(?<=@\S*)\.(?=\w))`;
const THING = `(${CHARACTER}{2,60}?)`;
// A point inside of a word (example.com) ends nothing: what would be cut there is no fact.
const END = String.raw`(?=\s*(?:(?!(?<=\d), (?:19|20)\d\d\b)[.,;!](?![^\s"'”’)])|$| and (?:i|my|we)\b| but\b| because\b| so\b| since\b| now\b| anymore\b| these days\b| with my\b| who\b| which\b))`;
const KIN =
  'wife|husband|partner|fianc[ée]e?|girlfriend|boyfriend|sister|brother|son|daughter|mother|mom|mum|father|dad|grandmother|grandfather|aunt|uncle|cousin|niece|nephew|boss|manager|doctor|dentist|landlord|roommate|best friend|dog|cat|hamster|rabbit|horse|parrot|pet';

type Rule = { pattern: RegExp; fact(match: RegExpExecArray): Omit<Fact, 'quote'> | null };

const about =
  (attribute: string, isSingle = true) =>
  (match: RegExpExecArray) => ({
    subject: 'user',
    attribute,
    value: match[1] ?? '',
    isSingle,
  });

/** In order: of two rules for the same words the first counts. */
const RULES: readonly Rule[] = [
  {
    pattern: new RegExp(`^my (?:full |first )?name(?:['’]s| is)(?: now)? (?:not .{1,30}? but )?${NAME}`, 'iu'),
    fact: about('name'),
  },
  { pattern: new RegExp(`^(?:[Yy]ou can |[Pp]lease )?[Cc]all me ${NAME}`, 'u'), fact: about('name') },
  { pattern: new RegExp(`^I(?:['’]m| am) ${NAME}${END}`, 'u'), fact: about('name') },
  {
    pattern: new RegExp(
      String.raw`^i(?:['’]ve| have)? (?:now |just |recently |have )?(?:live|moved|relocated|am living|['’]m living)(?: back)? (?:in|to)(?: not .{1,30}? but)? ${THING}(?: (?:last|this) \w+| in (?:19|20)\d\d| on .{3,20})?${END}`,
      'iu',
    ),
    fact: about('home'),
  },
  { pattern: new RegExp(`^i(?:['’]m| am) (?:now )?living in ${THING}${END}`, 'iu'), fact: about('home') },
  {
    pattern: new RegExp(`^i (?:now |currently )?work (?:at|for) ${THING}(?: as .+)?${END}`, 'iu'),
    fact: about('employer'),
  },
  {
    pattern: new RegExp(
      `^i(?:['’]ve| have)? (?:just |recently )?(?:started|joined|got a (?:new )?job)(?: working)?(?: (?:a new job|work))? ?(?:at|for)? ${NAME}${END}`,
      'u',
    ),
    fact: about('employer'),
  },
  {
    pattern: new RegExp(`^i (?:now |currently )?work as (?:an? |the )?${THING}(?: (?:at|for) .+)?${END}`, 'iu'),
    fact: about('job'),
  },
  { pattern: new RegExp(`^my birthday is (?:on )?${THING}${END}`, 'iu'), fact: about('birthday') },
  {
    pattern: new RegExp(`^i was born (?:on|in) ${THING}${END}`, 'iu'),
    fact: (match) => ({ ...about('born')(match) }),
  },
  { pattern: new RegExp(`^i(?:['’]m| am) allergic to ${THING}${END}`, 'iu'), fact: about('allergy', false) },
  {
    pattern: new RegExp(`^i (?:really |absolutely |also )?(?:like|love|enjoy|adore|prefer) ${THING}${END}`, 'iu'),
    fact: about('likes', false),
  },
  {
    pattern: new RegExp(
      `^i (?:really |absolutely |also )?(?:hate|dislike|detest|don['’]?t (?:really )?like|do not like|can['’]?t stand) ${THING}${END}`,
      'iu',
    ),
    fact: about('dislikes', false),
  },
  {
    pattern: new RegExp(`^[Mm]y (${KIN})(?:['’]s name)?(?: is|['’]s)(?: called| named)? ${NAME}${END}`, 'u'),
    fact: (match) => ({
      subject: (match[1] ?? '').toLowerCase(),
      attribute: 'name',
      value: match[2] ?? '',
      isSingle: true,
    }),
  },
  {
    pattern: new RegExp(
      String.raw`^my ((?:[\p{L}'’-]+ ){0,3}[\p{L}'’-]+?)(?: is|['’]s| are)(?: now)?(?: not .{1,30}? but)? ${THING}${END}`,
      'iu',
    ),
    fact: (match) => generic(match[1] ?? '', match[2] ?? ''),
  },
];

/** Of these a person says something every day, and nothing that lasts. */
const NO_ATTRIBUTE =
  /^(?:question|problem|issue|point|goal|plan|idea|guess|understanding|concern|only|main|next|first|last|current|other|biggest|one|mistake|bad|apologies|thoughts?|opinion|advice|favou?r|turn|fault|sense|impression|bet|hope|name|wish|priority|aim|budget is|time|day|week|life|head|heart|mind|experience)\b/i;
const NO_VALUE =
  /^(?:that|to|how|what|why|when|where|whether|if|about|not|so|very|really|quite|too|a bit|a little|also|getting|going|being|fine|good|great|okay|ok|bad|broken|sick|here|there|it|this|in|on|at|for|up|down|just|still|always|never)\b/i;

function generic(attribute: string, value: string): Omit<Fact, 'quote'> | null {
  const name = attribute.toLowerCase().trim();
  if (NO_ATTRIBUTE.test(name) || NO_VALUE.test(value.trim())) return null;
  return { subject: 'user', attribute: name.replace(/^favourite/, 'favorite'), value, isSingle: true };
}

const CORRECTIONS: readonly RegExp[] = [
  `^(?:it['’]?s|it is|that['’]?s|i meant?|i said) (?<to>${CHARACTER}{1,40}?),? (?:and )?not (?<from>${CHARACTER}{1,40})[.!]?$`,
  `^(?:it['’]?s|it is|that['’]?s|i mean) not (?<from>${CHARACTER}{1,40}?),? but (?:rather )?(?<to>${CHARACTER}{1,40})[.!]?$`,
  `^not (?<from>${CHARACTER}{1,40}?),? but (?<to>${CHARACTER}{1,40})[.!]?$`,
].map((pattern) => new RegExp(pattern, 'i'));

const ENDINGS: readonly { pattern: RegExp; attribute: string }[] = [
  {
    pattern: /^i (?:no longer|don['’]?t|do not) (?:like|love|enjoy) (?<value>[^.,;!?]{2,60}?)(?: any ?more)?[.!]?$/i,
    attribute: 'likes',
  },
  { pattern: /^i(?:['’]m| am) no longer allergic to (?<value>[^.,;!?]{2,60}?)[.!]?$/i, attribute: 'allergy' },
];

/** What a person says about themselves, by rules: only what is said plainly. One fact a sentence, and a part of it behind "and". */
export function statementsOf(text: string): Statements {
  const found: Statements = { facts: [], corrections: [], endings: [] };
  for (const [sentence] of text.matchAll(SENTENCE)) {
    if (UNSTATED.test(sentence)) continue;
    const quote = sentence.trim();
    for (const clause of clausesOf(quote)) readClause(clause, quote, found);
  }
  return found;
}

function clausesOf(sentence: string): string[] {
  return sentence
    .split(/(?:,|;| –| —)? (?:and|but) (?=(?:i|my)\b)|[;,–—] (?=(?:i|my)\b)/i)
    .map((clause) => clause.replace(OPENING, '').trim())
    .filter((clause) => clause !== '' && clause.length <= 300);
}

function readClause(clause: string, quote: string, found: Statements): void {
  for (const { pattern, attribute } of ENDINGS) {
    const value = pattern.exec(clause)?.groups?.value;
    if (value !== undefined) found.endings.push({ subject: 'user', attribute, value: clean(value) });
  }
  const correction = correctionOf(clause, quote);
  const fact = correction ? null : factOf(clause, quote);
  if (correction) found.corrections.push(correction);
  if (fact) found.facts.push(fact);
}

function correctionOf(clause: string, quote: string): Correction | null {
  for (const pattern of CORRECTIONS) {
    const { from, to } = pattern.exec(clause)?.groups ?? {};
    if (from !== undefined && to !== undefined) return { from: clean(from), to: clean(to), quote };
  }
  return null;
}

function factOf(clause: string, quote: string): Fact | null {
  for (const { pattern, fact } of RULES) {
    const match = pattern.exec(clause);
    const read = match && fact(match);
    if (!read) continue;
    const value = clean(read.value);
    return value !== '' && isWhole(read.attribute, value) ? { ...read, value, quote } : null;
  }
  return null;
}

/** Where a sentence seemed to end and did not: "in St. Louis", "on 12. May". */
const CUT = /^(?:St|Ste|Mt|Ft|Dr|Mr|Mrs|Ms|Prof|No)$/;

function isWhole(attribute: string, value: string): boolean {
  if (CUT.test(value)) return false;
  if (attribute === 'name') return !NOT_A_NAME.test(value);
  return !/^(?:birthday|born)$/.test(attribute) || !/^\d{1,2}$/.test(value);
}

/** "I'm Sorry", "I am British": what stands in capitals and is no name. */
const NOT_A_NAME =
  /^(?:sorry|not|so|very|happy|sure|glad|afraid|fine|ok|okay|good|great|back|here|done|ready|interested|looking|trying|going|American|British|English|German|French|Italian|Spanish|Chinese|Japanese|Indian|Canadian|Australian|Austrian|Swiss|Dutch|Belgian|Irish|Scottish|Welsh|Swedish|Norwegian|Danish|Finnish|Polish|Czech|Slovak|Hungarian|Romanian|Bulgarian|Croatian|Serbian|Greek|Turkish|Russian|Ukrainian|Portuguese|Brazilian|Mexican|Argentinian|Colombian|Korean|Vietnamese|Thai|Filipino|Indonesian|Pakistani|Iranian|Israeli|Egyptian|Nigerian|Kenyan|European|African|Asian|Black|White|Gay|Catholic|Atheist|Tired|Busy|Hungry|Excited|Vegan|Vegetarian|Christian|Muslim|Jewish|Buddhist|Hindu)\b/i;

function clean(value: string): string {
  return value
    .trim()
    .replace(/^(?:the|an?) (?=\p{Ll})/u, '')
    .replace(/[\s.,;:!]+$/, '')
    .replace(/ (?:now|anymore|too|a lot|very much|actually|instead)$/i, '');
}

/** A value as it is compared. */
export function valueKey(value: string): string {
  return value
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s.,;!'’"“”]+/g, ' ')
    .trim();
}

/** A fact as a sentence to the person it is about. */
export function factSentence({
  subject,
  attribute,
  value,
}: {
  subject: string;
  attribute: string;
  value: string;
}): string {
  if (subject !== 'user') return `Your ${subject}’s ${attribute} is ${value}.`;
  const form = SENTENCES[attribute];
  return form ? form(value) : `Your ${attribute} is ${value}.`;
}

const SENTENCES: Readonly<Record<string, (value: string) => string>> = {
  home: (value) => `You live in ${value}.`,
  employer: (value) => `You work at ${value}.`,
  job: (value) => `You work as ${value}.`,
  born: (value) => `You were born on ${value}.`,
  allergy: (value) => `You are allergic to ${value}.`,
  likes: (value) => `You like ${value}.`,
  dislikes: (value) => `You do not like ${value}.`,
};

const ASKED: readonly { pattern: RegExp; attributes: readonly string[] }[] = [
  { pattern: /\bmy (?:full |first )?name\b|\bwho am i\b|\bwhat am i called\b/i, attributes: ['name'] },
  {
    pattern: /\bwhere (?:do|did|am) i (?:\w+ )?liv(?:e|ing)\b|\bmy (?:home|address|city|town)\b|\bwhere did i move\b/i,
    attributes: ['home', 'address', 'city', 'town'],
  },
  {
    pattern:
      /\bwhere (?:do|did) i (?:\w+ )?work\b|\bmy (?:employer|company|job)\b|\bwho do i work for\b|\bwhat do i do for\b/i,
    attributes: ['employer', 'job', 'company'],
  },
  { pattern: /\bmy birthday\b|\bwhen was i born\b|\bhow old am i\b/i, attributes: ['birthday', 'born', 'age'] },
  { pattern: /\ballerg/i, attributes: ['allergy'] },
  {
    pattern:
      /\bwhat (?:\w+ ){0,2}do i (?:like|love|enjoy|prefer)\b|\bdo i (?:like|love|enjoy)\b|\bmy (?:tastes|preferences|likes)\b/i,
    attributes: ['likes', 'dislikes'],
  },
  {
    pattern: /\bdo(?:n['’]t)? i (?:not )?(?:dislike|hate)\b|\bdon['’]t i like\b|\bmy dislikes\b/i,
    attributes: ['dislikes'],
  },
];

/** Whether a question asks for a fact. */
export function asksFor(question: string, { subject, attribute }: { subject: string; attribute: string }): boolean {
  if (subject !== 'user') return new RegExp(String.raw`\bmy ${literal(subject)}\b`, 'i').test(question);
  if (/\bwhat do you (?:know|remember) about me\b/i.test(question)) return true;
  // "My sister's name" is not "my name".
  if (ASKED.some(({ pattern, attributes }) => attributes.includes(attribute) && pattern.test(question))) return true;
  return new RegExp(String.raw`\bmy ${literal(attribute)}\b`, 'i').test(question.replace(/favourite/gi, 'favorite'));
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
