import { fold } from './terms.ts';

/** Words that say nothing about the subject of a question, in the languages that are asked most. */
const STOP_WORDS: readonly string[] = [
  // English, with what questions are made of
  'a an the and or but if of in on at by for with from to into onto about as is are was were be been being am do does did',
  'done have has had having will would shall should can could may might must not no nor so than then that this these those',
  'there here it its he she they them his her their our we you your i me my us what which who whom whose when where why how',
  'many much more most some any all each both few other such only own same too very just also please tell explain describe',
  'know find give show mean say said s t d ll re ve don doesn didn isn aren wasn weren',
  // German
  'der die das den dem des ein eine einer eines einem einen und oder aber ist sind war waren wird werden wurde wurden hat',
  'haben hatte kann können muss soll nicht kein keine mit von zu zum zur im am auf für aus bei nach über unter wie was wer',
  'wen wem wessen wann wo warum welche welcher welches wieviel viele es er sie wir ihr ich sich als auch so dass gibt',
  // French
  'le la les un une des du de et ou mais est sont était étaient être a ont avait avoir ce cet cette ces il elle ils elles on',
  'nous vous je qui que quoi quel quelle quels quelles quand où pourquoi comment combien dans sur par pour avec sans au aux en',
  'ne pas plus se sa son ses leur leurs',
  // Spanish, Italian, Portuguese
  'el los las una uno unos unas y o pero es son era eran fue fueron ser estar está están ha han había que qué quién quiénes',
  'cuál cuáles cuándo dónde cómo cuánto cuántos cuántas cuánta por para con sin en al del su sus lo se no más como',
  'il lo gli i di da che chi cosa quale quali quando dove perché come quanto quanti sono è non nel nella per con',
  'o os as um uma do da dos das e ou mas é são foi foram quem quê qual quais onde quanto quantos não em no na pelo pela com',
  // Dutch
  'het een en of maar is zijn was waren wordt worden heeft hebben had niet geen met van te op voor uit bij naar over wie wat',
  'wanneer waar waarom hoe hoeveel welke',
];

const stopWords = new Set(STOP_WORDS.flatMap((line) => line.split(' ').map(fold)));

/** Takes the word as it is written in the text. */
export function isStopWord(word: string): boolean {
  return stopWords.has(fold(word));
}
