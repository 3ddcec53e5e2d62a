/**
 * Words that end in a full stop without ending a sentence, lower-case and without that last stop.
 * European languages only: CJK and Indic scripts have full stops of their own that end nothing else.
 */
const TITLES =
  'mr mrs ms dr prof rev hon gen col maj capt lt sgt cpl adm sen rep gov pres st mt ft hr fr frl sr sra srta ud mme mlle mgr dott sig dipl ing др проф акад г-н г-жа им ул';
const BEFORE_NAMES = 'cf vgl viz vs resp approx ca est dept univ ext evtl ggf inkl zzgl bzw см напр';
const WITH_INNER_STOPS = 'e.g i.e eg ie z.b d.h u.a o.ä s.o s.u i.d.r p.ex t.e т.е т.к т.н';

/** Only before a number or a letter that names something: "Fig. 3", "No. 5", "Jan. 12"; "I said no." ends. */
const COUNTED =
  'no nos nr fig figs eq eqs ref refs tab vol vols pp p ch chap sec secs art arts abs pos abb kap bd ed eds tel рис табл стр гл';
const MONTHS = 'jan feb mar apr jun jul aug sep sept oct okt nov dec dez';

/** A sentence may end after these when the next word has a capital. */
const OFTEN_LAST = 'etc usw al et.al и.т.д т.д т.п др руб тыс млн млрд inc ltd co corp bros jr a.m p.m gmbh bv nv llc';

const words = (...lists: string[]): ReadonlySet<string> => new Set(lists.join(' ').split(' '));

export const ABBREVIATIONS = words(TITLES, BEFORE_NAMES, WITH_INNER_STOPS);
export const COUNTED_ABBREVIATIONS = words(COUNTED, MONTHS);
export const SOMETIMES_LAST = words(OFTEN_LAST);

/**
 * Words that start sentences far more often than they stand after an initial or an abbreviation in the middle
 * of one (the idea of "frequent sentence starters" in Kiss and Strunk, 2006).
 */
export const SENTENCE_STARTERS = words(
  'The This That These Those It He She We They I You In On At As By For From If When While After Before Since',
  'But And Or So However Therefore Moreover Although There Here What Why How Who Our Their His Her Its My Your',
  'Der Die Das Ein Eine Es Er Sie Wir Ich Im Am Bei Wenn Aber Und Le La Les Un Une Il Elle Nous Vous On Ce Cette',
  'El Los Las Una En Pero Y Это Он Она Они Мы Но И В На При Если',
);

/** After "3." one of these continues a date, as in German and the Slavic languages. */
export const MONTH_NAMES = words(
  'Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember',
  'Jan Feb Mär Apr Jun Jul Aug Sep Sept Okt Nov Dez',
);
