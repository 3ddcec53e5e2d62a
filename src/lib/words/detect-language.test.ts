import { describe, expect, test } from 'vitest';
import { detectLanguage } from './detect-language.ts';

describe('detectLanguage', () => {
  test.each([
    [
      'english',
      'The cat sits on the roof and looks down into the garden, because it has seen a bird that will not fly.',
    ],
    [
      'german',
      'Die Katze sitzt auf dem Dach und schaut in den Garten, weil sie dort einen Vogel gesehen hat, der nicht wegfliegt.',
    ],
    ['french', "Le chat est assis sur le toit et regarde dans le jardin parce qu'il a vu un oiseau qui ne part pas."],
    ['spanish', 'El gato está sentado en el tejado y mira hacia el jardín porque ha visto un pájaro que no se va.'],
    ['portuguese', 'O gato está sentado no telhado e olha para o jardim porque viu um pássaro que não se vai embora.'],
    ['italian', 'Il gatto è seduto sul tetto e guarda giù nel giardino perché ha visto un uccello che non se ne va.'],
    ['dutch', 'De kat zit op het dak en kijkt naar beneden in de tuin omdat zij daar een vogel heeft gezien.'],
    ['russian', 'Кошка сидит на крыше и смотрит в сад, потому что она увидела птицу, которая не улетает от неё.'],
    [
      'turkish',
      'Kedi çatıda oturuyor ve bahçeye bakıyor, çünkü orada uçup gitmeyen bir kuş gördü ve bu kuş için heyecanlı.',
    ],
    ['greek', 'Η γάτα κάθεται στη στέγη και κοιτάζει κάτω στον κήπο.'],
    ['simple', 'Кішка сидить на даху і дивиться в сад, тому що вона побачила птаха, який не відлітає від неї.'],
    ['simple', 'Kot siedzi na dachu i patrzy w dół do ogrodu, ponieważ zobaczył tam ptaka, który nie odlatuje.'],
    ['simple', 'گربه روی پشت بام نشسته است و به باغ نگاه می کند که در آن یک پرنده را دیده است'],
    ['simple', '猫坐在屋顶上，俯视着花园。'],
  ])('%s', (language, text) => {
    expect(detectLanguage(text)).toBe(language);
  });

  test('takes what shows nothing for the fallback', () => {
    expect(detectLanguage('')).toBe('english');
    expect(detectLanguage('Invoice 4711')).toBe('english');
    expect(detectLanguage('id,name,amount\n1,bolt,3\n2,nut,4\n3,screw,9\n4,pin,1\n5,cap,2', 'german')).toBe('german');
  });

  test('judges by the whole of a long text, not by its beginning', () => {
    const german = 'Der Bericht ist für die Leitung und wird mit dem Ausschuss nach der Sitzung besprochen. ';
    expect(detectLanguage(`Abstract. This is a summary of the report. ${german.repeat(400)}`)).toBe('german');
  });

  test('looks at three places of a text of fifty megabytes, not at all of its words', () => {
    const german = 'Der Bericht ist für die Leitung und wird mit dem Ausschuss nach der Sitzung besprochen. ';
    // Flat, as a text that was read is.
    const text = Buffer.from(
      `${'This is the summary of a report. '.repeat(1_000)}${german.repeat(550_000)}`,
    ).toString();
    const began = performance.now();
    expect(detectLanguage(text)).toBe('german');
    // All of them take 4 to 8 s.
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
