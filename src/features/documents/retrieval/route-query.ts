/** What kind of question it is; it decides how much is looked for, never whether a document may answer. */
export type Route =
  | 'greeting'
  | 'out_of_scope'
  | 'factual_qa'
  | 'conversational'
  | 'multi_hop'
  | 'summarization'
  | 'clarification';

export type HistoryMessage = { role: string; content: string };

export type RoutedQuery = {
  route: Route;
  /** What to search for: a question that leans on the one before it brings that one along. */
  query: string;
  /** Whether the question asks about documents as a whole, and names nothing that one could search for. */
  asksForWhole: boolean;
};

/** Whole words, everywhere: "hi" is not in "which". */
const words = (pattern: string) => new RegExp(`(?<![\\p{L}\\p{N}])(?:${pattern})(?![\\p{L}\\p{N}])`, 'iu');

const GREETING_WORDS =
  "hello|hi|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day|night)|how are you(?: doing)?(?: today)?|how(?:'s| is) it going|what'?s up|sup|thanks?(?: you)?|thank you|thx|cheers|nice to meet you|pleased to meet you|good ?bye|bye|see you(?: later| soon)?|have a (?:nice|good|great) (?:day|evening|weekend)|hallo|guten (?:tag|morgen|abend)|danke(?: schön)?|tschüss|servus|bonjour|bonsoir|salut|merci(?: beaucoup)?|au revoir|hola|buen[oa]s (?:días|tardes|noches)|gracias|adiós|ciao|buongiorno|buonasera|grazie|olá|oi|bom dia|boa (?:tarde|noite)|obrigad[oa]|привет|здравствуйте|спасибо|merhaba|teşekkürler|你好|谢谢|こんにちは|ありがとう|안녕하세요|감사합니다";
const GREETING_FILLERS =
  'there|everyone|everybody|all|again|you|very much|so much|a lot|a bunch|for (?:the|your) help|for that|my friend|friend|team|bot|assistant|parley|and|to|too|please|ok|okay|great';
const GREETING = new RegExp(
  `^[\\s\\p{P}]*(?:(?:${GREETING_FILLERS})[\\s\\p{P}]*)*(?:${GREETING_WORDS})(?:[\\s\\p{P}\\p{S}]+(?:${GREETING_WORDS}|${GREETING_FILLERS}))*[\\s\\p{P}\\p{S}]*$`,
  'iu',
);
const MAX_GREETING_LENGTH = 100;

const MULTI_HOP = words(
  'compar(?:e|es|ed|ing|ison)|differences?|differ|relationships?|related to|versus|vs|how (?:does|do|did)|why (?:does|do|did)|both',
);
const SUMMARIZATION = words(
  'summari[sz](?:e|es|ed|ing|ation)|summary|summaries|overview|in brief|briefly|outline|gist|tl;?dr|key points|main (?:points|ideas|topics)|list all|(?:what|which) (?:is|are|does|do) (?:this|these|the|my|it|they)(?: \\p{L}+)? (?:about|contain|cover)',
);
const CONVERSATIONAL =
  /^(?:and|also|so|but|then|what about|how about|what else|tell me more|more|go on|continue|anything else)(?![\p{L}\p{N}])/iu;
const CLARIFICATION = words('what do you mean|what did you mean|clarif(?:y|ies|ied|ication)|explain|elaborate');
const OUT_OF_SCOPE = words(
  'weather|forecasts?|temperature|rain(?:ing|y)?|snow(?:ing|y)?|sunny|what time is it|what day is it|time ?zone|news|headlines?|current events|recipes?|cook(?:ing)?|jokes?|funny|humou?r|tell me a story|horoscope|lottery|sports? scores?',
);

/** Messages of history without which nothing leans on anything. */
const CONVERSATION = 3;

/**
 * Classifies a question by its wording, and finds what to search for. Without a model: the same question gives the same
 * route. `out_of_scope` is a guess that evidence overrides.
 */
export function routeQuery(question: string, history: readonly HistoryMessage[] = []): RoutedQuery {
  const text = question.normalize('NFKC').replaceAll('’', "'").trim();
  const route = routeOf(text, history.length);
  const own = route === 'summarization' ? withoutTask(question) : question;
  return {
    route,
    query: withContext(own, text, route, history),
    asksForWhole: route === 'summarization' && own === '',
  };
}

function routeOf(text: string, historyLength: number): Route {
  if (text.length <= MAX_GREETING_LENGTH && GREETING.test(text)) return 'greeting';
  if (MULTI_HOP.test(text)) return 'multi_hop';
  if (SUMMARIZATION.test(text)) return 'summarization';
  if (historyLength >= CONVERSATION && CONVERSATIONAL.test(text)) return 'conversational';
  if (CLARIFICATION.test(text)) return 'clarification';
  if (OUT_OF_SCOPE.test(text)) return 'out_of_scope';
  return 'factual_qa';
}

const TASK_WORDS =
  /(?<![\p{L}\p{N}])(?:summari[sz]\p{L}*|summar(?:y|ies)|overview|brief(?:ly)?|outline|gist|tl;?dr|key|main|points?|ideas?|topics?|list|all|everything|please|can|could|would|you|give|me|us|show|make|write|create|provide|i|need|want|a|an|the|of|in|on|for|about|this|these|that|those|my|our|your|it|its|they|them|is|are|does|do|what|which|whole|entire|full|short|quick|long|documents?|files?|texts?|pdfs?|uploads?|uploaded|attachments?|attached|contents?|contains?|covers?|sentences?|paragraphs?|words?|bullet(?:s|ed)?|with|and|to)(?![\p{L}\p{N}])/giu;

/** What is left of "summarise the refund policy, please": the refund policy. */
function withoutTask(question: string): string {
  const rest = question.replace(TASK_WORDS, ' ').replace(/\s+/g, ' ').trim();
  return /[\p{L}\p{N}]/u.test(rest) ? rest : '';
}

const POINTS_BACK = words(
  'he|him|his|she|her|hers|it|its|they|them|their|theirs|this|that|these|those|there|the same|former|latter|one|ones',
);
const SHORT = 3;

/** The question before, and this one: a word that both have counts once in a search. */
function withContext(own: string, text: string, route: Route, history: readonly HistoryMessage[]): string {
  const previous = history.findLast(({ role, content }) => role === 'user' && content.trim() !== text)?.content;
  if (previous === undefined || route === 'greeting') return own;
  const count = text.split(/\s+/).length;
  const leans = route === 'conversational' || count < SHORT || (POINTS_BACK.test(text) && route !== 'summarization');
  return leans ? `${previous}\n${own}` : own;
}
