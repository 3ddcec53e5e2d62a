/** The most frequent words of running text, by the name of the stemmer that Postgres 15 and later have for the language. */
export const FUNCTION_WORDS = {
  arabic: 'في من على إلى أن عن التي الذي هذا هذه مع كان ما لا كل بعد بين كما ذلك قد أو هو هي تم',
  armenian: '',
  basque: 'eta da bat ez du ere izan zen dira baina hau egin beste bere dute dago baino zuen edo',
  catalan: 'el la els les de i que en per amb és un una dels del al no va com més seva aquest aquesta són també ha',
  danish:
    'og i at er det en til på som de med af for ikke der var den har et han hun jeg også fra blev om kan skal efter',
  dutch:
    'de het een en van in is dat op te zijn met voor niet aan er om ook als maar bij door naar werd wordt heeft deze uit hij ze',
  english:
    'the of and to in is was for that on with as by it at from be are this an were which or his have not has had but they their its been who when will would can',
  finnish:
    'ja on ei se että hän oli mutta ovat joka kun myös tai sekä kuin ole mukaan hänen sen jossa vuonna niin voi ovat',
  french:
    'le la les de des et un une du en est que qui dans pour par sur au pas ne ce il elle avec sont aux plus se son sa été ou cette mais nous vous',
  german:
    'der die das und in von den zu mit ist des im für auf eine ein dem nicht sich als auch es an wird bei aus er nach wurde einer werden sind oder war einem über',
  greek: '',
  hindi: '',
  hungarian:
    'a az és hogy nem is egy volt meg ez csak mint vagy de már még el ki amely ha majd azt lett után ezt által',
  indonesian:
    'dan yang di dengan untuk dari pada ini dalam adalah tidak itu akan ke oleh sebagai juga karena atau telah dapat mereka ada bisa',
  irish: 'agus an na ar is le go bhí sé sin ina leis ach nach mar seo atá siad ón tá',
  italian:
    'di e il la che in un per è del una non con le i della si da al come dei più nel sono gli alla anche ha lo delle o ma questo',
  lithuanian: 'ir yra į kad iš su buvo kaip tai bet jis nuo už tik po prie taip arba buvo apie savo jau',
  norwegian:
    'og i er det på som en til av for at med ikke de den var har et om fra han ble jeg vi også seg men etter kan skal eller',
  portuguese:
    'de a o que e do da em um para com não uma os no se na por mais as dos como mas ao das foi é são à seu sua ou pelo também',
  romanian:
    'de și în a la cu pe un o care nu din că mai se este au pentru sau fi sunt fost ca prin după dar să lui ale',
  russian:
    'и в не на что с он как это по но из у за от для так же его было только она был к о все или при также были который',
  serbian: 'je i u da se na za od su sa što не да се је на за су или који као али није то из',
  spanish:
    'de la que el en y a los se del las un por con no una su para es al lo como más o pero sus fue este ha son entre está también',
  swedish:
    'och i att det som en på är av för med den till inte om ett har de jag var så men från han kan när efter eller vid också',
  tamil: '',
  turkish: 've bir bu da de için ile olarak en daha çok gibi olan kadar sonra var ne ama ya değil ise her tarafından',
  simple: '',
} as const;

/** Languages without a stemmer that must not be taken for one of those above. */
export const UNSTEMMED_FUNCTION_WORDS = {
  polish: 'w i na z się nie do to że jest o jak po od za co oraz przez dla był lub jego ale są które przy także',
  czech: 'a se v na je že to s z do o i jako pro ve který ale po by od byl jsou také za nebo při jeho',
  slovak: 'a sa v na je že to s z do o aj ako pre vo ktorý ale po by od bol sú tiež za alebo pri jeho',
  croatian: 'i je u se na da za od su s koji kao ili ali nije iz te što bio može kako',
  slovenian: 'in je v na se da za so z ki pa od ne kot tudi ali bil po iz pri ter do',
  estonian: 'ja on ei et see ta oli ka mis kui aga oma nii või kes ning ole siis seda',
  latvian: 'un ir no ar par uz kas bija kā tas lai arī bet viņš pēc to ka gada tika',
  vietnamese: 'và của là có được trong cho một không người các những đã với này để năm khi tại ở từ',
  ukrainian: 'і в не на що з та до це як за у від він його для або був є про але якщо також',
  bulgarian: 'и на в да се за от с е не по че са като до си които или това той бе след при',
  persian: 'و در به از که این را با است برای آن یک می های بود تا شده خود بر',
  urdu: 'کے کی میں ہے کا اور سے کو نے پر یہ کہ اس ہیں بھی تھا ایک ہو گیا',
  afrikaans: 'die en van in is het nie dat wat met vir op te sy hulle aan word ook deur hy was as',
} as const;

/** The stemmers that are used, by their name in Postgres; `simple` leaves words as they stand. */
export type Language = keyof typeof FUNCTION_WORDS;
