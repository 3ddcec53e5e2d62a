/** Letters beyond ASCII of the languages that share the Latin code pages. */
const LATIN_ALPHABETS = [
  'äöüß',
  'éèàùâêîôûëïüçœæ',
  'áéíóúüñ',
  'áâãàçéêíóôõúü',
  'àèéìòóù',
  'ëéèïöüóá',
  'åäöéü',
  'æøåéòó',
  'áðéíóúýþæö',
  'ąćęłńóśźż',
  'áčďéěíňóřšťúůýžľĺŕôä',
  'áéíóöőúüű',
  'ăâîșțşţ',
  'čćđšž',
  'çğışöüâîû',
  'äöõüšž',
  'āčēģīķļņšūž',
  'ąčęėįšųūž',
  'àçèéíïòóúü',
];

/** Most frequent letters first; the order is each language's own. */
const FREQUENT_LETTERS: readonly (readonly [RegExp, string])[] = [
  [/\p{Script=Cyrillic}/u, 'оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў'],
  [/\p{Script=Greek}/u, 'αοιετσνηυρπκμλςωδγχθφβξζψάίόέήύώϊΐ'],
  [/\p{Script=Hebrew}/u, 'יוהלארתשבמםנחקדפעןכסגזטצךףץ'],
  [/\p{Script=Arabic}/u, 'اليمنورتبةعدسفهكقحجىصشطخأضغزثذإظءآؤئ'],
  [/\p{Script=Thai}/u, 'านรอกเงมยลวดทสตะปบคหแจพชขใไโผถซศธ'],
];

const COMMON_IDEOGRAPHS = new Set(
  '的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长' +
    '這個來說們為時會過對裡後麼沒於還發當無開見經頭從動兩長國與關學' +
    '日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法名屋佐藤木村山川' +
    '이다는을에의가고하지한은도를로서사기어리자나아있대시그인일과정수해부만보들라전게제니',
);

const TYPOGRAPHY = /[–—‘’“”„‚…•€£©®™°«»‹›§¿¡½¼¾²³´·×÷±\u00a0ªº№]/;
/** With the character before and the one after: quotation marks, dashes and the like where they belong. */
const WELL_PLACED =
  /[\s(]([“‘„‚«‹¿¡][\p{L}\p{N}]|[–—•] )|[\p{L}\p{N}.,!?]([”’“»›…][\s.,;)!?]|…)|\p{L}’\p{L}|\d[–€°%]|[£€]\d|\s©/u;

/**
 * How likely the characters beyond ASCII are as text, as a mean from -20 to 12: letters of one script, in their
 * usual cases and frequencies, score high; symbols inside words and unassigned characters score low. 0 for ASCII.
 */
export function plausibility(text: string): number {
  let score = 0;
  const latin = new Map<string, number>();
  const found = [...text.matchAll(/\P{ASCII}/gu)];
  for (const { 0: character, index } of found) {
    score += scoreOf(character, text[index - 1] ?? ' ', text[index + character.length] ?? ' ');
    if (!/\p{Script=Latin}/u.test(character)) continue;
    const letter = character.toLowerCase();
    latin.set(letter, (latin.get(letter) ?? 0) + 1);
  }
  return found.length === 0 ? 0 : (score + latinScore(latin)) / found.length;
}

/** +7 for each letter of the alphabet that covers most, -5 for each that it does not have. */
function latinScore(letters: ReadonlyMap<string, number>): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const alphabet of LATIN_ALPHABETS) {
    let score = 0;
    for (const [letter, count] of letters) score += alphabet.includes(letter) ? 7 * count : -5 * count;
    best = Math.max(best, score);
  }
  return letters.size === 0 ? 0 : best;
}

function scoreOf(character: string, before: string, after: string): number {
  if (/[\ufffd\p{Cc}\p{Cn}\p{Co}]/u.test(character)) return -20;
  if (/[\p{Script=Han}\p{Script=Hangul}]/u.test(character)) return scoreIdeograph(character, before, after);
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)) return character >= '\uff61' ? -3 : 8;
  if (/[\u3000-\u303f\uff00-\uff60]/.test(character)) return 5;
  if (/[\p{L}\p{M}]/u.test(character)) return scoreLetter(character, before, after);
  return scoreSymbol(character, before, after);
}

function scoreIdeograph(character: string, before: string, after: string): number {
  if (isAsciiLetter(before) || isAsciiLetter(after)) return -4;
  return COMMON_IDEOGRAPHS.has(character) ? 9 : 2;
}

function scoreLetter(character: string, before: string, after: string): number {
  const mixed = [before, after].some(
    (neighbour) => /\p{L}/u.test(neighbour) && scriptOf(neighbour) !== scriptOf(character),
  );
  const jump = /\p{Lu}/u.test(character) && /\p{Ll}/u.test(before);
  const finalForm = /[ςךםןףץ]/.test(character);
  const finalInside = finalForm && /\p{L}/u.test(after);
  const capitals = /\p{Lu}/u.test(character) && /\p{Lu}/u.test(before);
  const penalties = (mixed ? 9 : 0) + (jump || finalInside ? 7 : 0) + (capitals ? 4 : 0);
  return frequencyScore(character) + (finalForm && !finalInside ? 5 : 0) - penalties;
}

/** 9 for the most frequent letter of the script, down to 2; 0 for Latin letters, which are counted together. */
function frequencyScore(character: string): number {
  const letters = FREQUENT_LETTERS.find(([script]) => script.test(character))?.[1];
  if (!letters) return 0;
  const rank = letters.indexOf(character.toLowerCase());
  return rank < 0 ? 1 : 9 - (7 * rank) / letters.length;
}

function scriptOf(letter: string): number {
  return FREQUENT_LETTERS.findIndex(([script]) => script.test(letter));
}

function scoreSymbol(character: string, before: string, after: string): number {
  if (WELL_PLACED.test(before + character + after)) return 7;
  const insideWord = /\p{L}/u.test(before) && /\p{L}/u.test(after);
  if (TYPOGRAPHY.test(character)) return insideWord && !/[’·–—\u00a0]/.test(character) ? -6 : 2;
  const drawing = /[\u2500-\u259f]/;
  if (drawing.test(character))
    return [before, after].every((neighbour) => drawing.test(neighbour) || /\s/.test(neighbour)) ? 1 : -5;
  return -5;
}

function isAsciiLetter(character: string): boolean {
  return /[A-Za-z]/.test(character);
}
