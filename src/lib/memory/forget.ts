/** What a message asks to be forgotten. */
export type ForgetRequest = { what: 'last' } | { what: 'everything' } | { what: 'about'; topic: string };

const POLITE = String.raw`^\s*(?:(?:hey|ok(?:ay)?|actually|no|wait|sorry|please|can you|could you|would you|i want you to|i['’]d like you to)\b[\s,:]*)*`;
const VERB = `(?:forget|erase|delete from (?:your )?memory|remove from (?:your )?memory|don['’]?t remember|do not remember|stop remembering)`;
const END = String.raw`(?:[\s,]*(?:please|now|again|from (?:your )?memory))*[\s.!]*$`;

const LAST = new RegExp(
  `${POLITE}${VERB} (?:that|this|what i (?:just )?(?:said|told you|wrote)|my last message|the last message)(?: last)?${END}`,
  'i',
);
const EVERYTHING = new RegExp(
  `${POLITE}${VERB} (?:everything|all)(?: (?:that )?you (?:know|remember)(?: about me)?| about me| of me)?${END}`,
  'i',
);
const ABOUT = new RegExp(
  `${POLITE}${VERB} (?:that |everything (?:about |i (?:said|told you) about |you know about )|what i (?:said|told you) about |all about |about )?(?<topic>.{2,200}?)${END}`,
  'i',
);

/** Null for a message that is about something else; "forget it" and "I forgot" are said in passing. */
export function forgetRequestOf(text: string): ForgetRequest | null {
  if (text.length > 300 || /\?\s*$/.test(text)) return null;
  if (LAST.test(text)) return { what: 'last' };
  if (EVERYTHING.test(text)) return { what: 'everything' };
  const topic = ABOUT.exec(text)?.groups?.topic?.trim();
  return topic === undefined || /^(?:it|about it|to)\b/i.test(topic) ? null : { what: 'about', topic };
}
