// What the rules take for insults, in the languages they know. Compared with a text without accents, in small letters.

/** Said of a person, these are nothing else. */
export const insults: readonly string[] = [
  // English
  'asshole(s)?|arsehole(s)?|bastard(s)?|bitch(es)?|cunt(s)?|dickhead(s)?|dipshit(s)?|douchebag(s)?|fuck(er|ers|ing|ed|s)?|motherfucker(s)?|moron(s)?|nigger(s)?|faggot(s)?|retard(ed|s)?|scumbag(s)?|shithead(s)?|slut(s)?|twat(s)?|wanker(s)?|whore(s)?|piece of (shit|crap|trash|garbage)|kill yourself|go to hell',
  // German
  'arschloch(er)?|arschgeige|drecksack|dreckskerl|fotze|hurensohn|missgeburt|mistkerl|schlampe|scheisskerl|schwachkopf|vollidiot(en)?|vollpfosten|volltrottel|wichser',
  // French
  'batard(s)?|connard(s)?|connasse|encule(s)?|enfoire(s)?|fils de pute|ordure|pute|salaud(s)?|salope|ta gueule|va te faire',
  // Spanish
  'cabron(es)?|gilipollas|hijo(s)? de puta|hijueputa|imbecil de mierda|malparido|pendejo(s)?|puta|puto|vete a la mierda',
  // Italian
  'bastardo|coglione|coglioni|figlio di puttana|pezzo di merda|stronzo|stronza|testa di cazzo|vaffanculo',
  // Portuguese
  'arrombado|caralho|desgracado|filho da puta|vai se foder|viado|vagabunda',
  // Dutch, Polish, Turkish
  'eikel|hoerenzoon|klootzak|kutwijf|lul|chuj|kurwa|pierdol\\p{L}*|skurwysyn|amina koyayim|orospu( cocugu)?|serefsiz|siktir',
  // Russian, Ukrainian
  'бляд\\p{L}*|говнюк|гандон|мудак|мудила|пидор\\p{L}*|сука|сволочь|ублюдок|уебок|хуй\\p{L}*|курва',
  // Swedish, Indonesian, Hindi in Latin letters
  'javla|fitta|horunge|anjing|bangsat|bajingan|chutiya|madarchod|bhenchod',
]

/** Written without spaces between the words. */
export const insultsUnspaced =
  /傻[逼屄]|操你|他妈的|王八蛋|混蛋|死ね|クソ野郎|くたばれ|씨발|개새끼|병신|ابن الكلب|يا كلب|שרמוטה/u

/** Hard words that may be a fair account of what happened: somebody should read them. */
export const hardWords: readonly string[] = [
  'idiot(s|ic)?|imbecile(s)?|stupid|dumb|clown|crook(s)?|con ?(man|artist)|fraud(ster)?(s)?|liar(s)?|loser(s)?|scam(mer|mers|med)?|thief|thieves|crap|shit(ty)?|bullshit|pathetic',
  'betruger(in)?|betrug|lugner(in)?|idioten|dieb|versager|scheisse?|abzocker|abzocke',
  'arnaque(s|ur|urs)?|escroc(s)?|menteur|menteuse|voleur|voleuse|idiote|cretin|merde',
  'estafa(dor|dora|dores)?|idiota(s)?|imbecil(es)?|ladron(es)?|mentiroso|mentirosa|mierda|estupido',
  'truffa(tore)?|ladro|bugiardo|cretino|deficiente|merda|golpista|mentirosa|burro|ladrao',
  'oplichter|leugenaar|oszust|zlodziej|klamca|debil|dolandirici|yalanci|hirsiz|aptal|salak',
  'мошенник\\p{L}*|вор|лжец|идиот\\p{L}*|дурак|обманщик|шахрай|бедраг\\p{L}*',
]

export const hardWordsUnspaced = /骗子|白痴|笨蛋|垃圾人|詐欺師|バカ|사기꾼|멍청이|نصاب|محتال|رمאי/u
