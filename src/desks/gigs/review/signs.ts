import { hardWords, hardWordsUnspaced, insults, insultsUnspaced } from './rude-words.ts'

/** What a review may not show. */
export const offences = {
  contact: 'contact details, such as an address, a number or a name at a messenger',
  link: 'a link',
  insult: 'an insult',
  personal: 'personal data, such as where somebody lives or the number of a card or document',
  gibberish: 'no words that anybody could read',
  bought: 'an offer of money or favours for stars',
} as const
export type Offence = keyof typeof offences

/** Something in a text that speaks for an offence: surely, or perhaps. */
export interface Sign {
  readonly offence: Offence
  readonly isSure: boolean
  readonly in: (text: Read) => boolean
}

/** A text as the signs look at it. */
export interface Read {
  /** As it was written, less what cannot be seen. */
  readonly said: string
  /** The same in small letters without accents. */
  readonly plain: string
  /** That with letters for the digits and marks that stand for them, and words together that were spelled out. */
  readonly unmasked: string
}

const word = (alternatives: readonly string[]): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives.join('|')})(?![\\p{L}\\p{N}])`, 'u')

const found =
  (pattern: RegExp, where: keyof Read = 'plain'): Sign['in'] =>
  (text) =>
    pattern.test(text[where])

const topLevels =
  'com|net|org|info|biz|io|dev|app|ai|co|me|xyz|site|online|shop|store|link|tech|page|de|fr|es|it|nl|pl|ru|uk|eu|ch|at|br|in|cn|jp|us|ca|gg|tv|to|ly|sh'
const messengers =
  'telegram|telegramm|телеграм\\p{L}*|whats ?app|wa|signal|discord|skype|we ?chat|微信|viber|line id|instagram|insta|snapchat|messenger|facebook|threema|ватсап\\p{L}*|вайбер\\p{L}*'
const reachVerbs =
  'add|call|contact|dm|e-?mail|find|hit|message|mail|ping|reach|text|write( to)?|ruf\\p{L}*|schreib\\p{L}*|kontaktier\\p{L}*|erreich\\p{L}*|ecri(s|vez)|appel(le|ez)|contact(e|ez)|escrib\\p{L}*|llam\\p{L}*|contact(a|ame|eme)|scriv\\p{L}*|chiam\\p{L}*|contatt\\p{L}*|fale|chama|ligue|napisz\\p{L}*|пиш\\p{L}*|напиш\\p{L}*|звон\\p{L}*'

const stars =
  '(?:(?:[1-5]|five|funf|cinq|cinco|cinque|пять)[- ]?(?:\\*|★|stars?|sterne?n?|etoiles?|estrellas?|estrelas?|stelle|sterren|gwiazd\\p{L}*|звезд\\p{L}*)|(?:a |the )?(?:good|better|positive|gute|bessere|bonne|buena|boa|хорош\\p{L}*) (?:reviews?|ratings?|bewertung\\p{L}*|avis|note|resena|valoracion|avaliacao|recensione|отзыв\\p{L}*))'
const money =
  '(?:money|cash|discounts?|refunds?|refunded|bonus|gift ?cards?|\\$ ?\\d|\\d{1,7} ?(?:\\$|€|usd|eur|euros?|dollars?|dolares|rub|руб\\p{L}*)|geld|rabatt|gutschein|argent|remise|dinero|descuento|dinheiro|desconto|soldi|sconto|деньги|скидк\\p{L}*)'
const exchange =
  '(?:if|in exchange|in return|wenn|im gegenzug|dafur|si|en echange|a cambio|se|em troca|in cambio|если|взамен|за)'
const buying =
  '(?:pay(?:ing|s)?|paid|give|gives|gave|offer(?:s|ed)?|bribe[ds]?|bought|buy|sell(?:ing)?|zahl\\p{L}*|bezahl\\p{L}*|biete\\p{L}*|verkauf\\p{L}*|pai(?:e|er|es|ez)|offr\\p{L}*|pag\\p{L}*|ofrec\\p{L}*|oferec\\p{L}*|заплач\\p{L}*|плачу|куплю|продам)'

const digits = (text: string): string => text.replaceAll(/\D/g, '')

const isDate = /\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{1,2}:\d{2}(:\d{2})?\b/g
/** An amount with marks between its thousands; with spaces only a short one, or it may be a telephone's. */
const isAmount = /^\d{1,3}(?:[,.']\d{3})+(?:[,.]\d{2})?$|^\d{1,3}(?: \d{3}){1,2}$/

/** Runs of digits with the marks that people put between them; dates, times and amounts are none. */
function numbersIn({ plain }: Read): string[] {
  const runs = plain.replaceAll(isDate, ' ').matchAll(/(?<![\p{L}\d.-])\+?\(?\d[\d ().\-/]{5,24}\d(?![\p{L}\d])/gu)
  return [...runs].map(([run]) => run).filter((run) => !isAmount.test(run) || digits(run).length >= 9)
}

const isTelephone = (run: string): boolean =>
  (/^\(?(\+|00)/.test(run) && digits(run).length >= 8) ||
  /^\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}$/.test(run) ||
  (/^\(?0\d/.test(run) && digits(run).length >= 9 && digits(run).length <= 12)

/** A card's number, by the check digit of ISO/IEC 7812 (Luhn). */
function isCard(run: string): boolean {
  const all = [...digits(run)].map(Number)
  if (all.length < 13 || all.length > 19) return false
  const sum = all
    .reverse()
    .reduce((total, digit, at) => total + (at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0)
  return sum % 10 === 0
}

/** A bank account's number, by the check of ISO 13616. */
function isBankAccount({ said }: Read): boolean {
  return [...said.matchAll(/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b/g)].some(([run]) => {
    const flat = run.replaceAll(' ', '')
    if (flat.length < 15 || flat.length > 34) return false
    const number = [...`${flat.slice(4)}${flat.slice(0, 4)}`].map((one) => Number.parseInt(one, 36)).join('')
    return BigInt(number) % 97n === 1n
  })
}

const wordsOf = ({ plain }: Read): string[] => plain.match(/\p{L}+/gu) ?? []
const keyboard =
  'qwertyuiop|asdfghjkl|zxcvbnm|qwertzuiop|yxcvbnm|azertyuiop|qsdfghjklm|wxcvbn|йцукенгшщзхъ|фывапролджэ|ячсмитьбю'

/** Letters in the order of a keyboard, or one thing over and over. */
const isMashed = (one: string): boolean =>
  /(.)\1{5,}/u.test(one) ||
  /(..|...)\1{3,}/u.test(one) ||
  (one.length >= 4 && keyboard.split('|').some((row) => row.includes(one))) ||
  (one.length >= 8 && /^(?:[asdfghjklöqwe]+)$/.test(one) && /(?:asdf|sdfg|dfgh|fghj|ghjk|hjkl|jkl|lkj|fdsa)/.test(one))

const isUnspoken = (one: string): boolean =>
  /^[a-z]{7,}$/.test(one) && (one.match(/[aeiouy]/g)?.length ?? 0) / one.length < 0.13

/** Every sign the rules know, in the order in which they are named to the author. */
export const signs: readonly Sign[] = [
  { offence: 'contact', isSure: true, in: found(/[\p{L}\p{N}_%+-]@(?:[\p{L}\p{N}-]{1,63}\.){1,4}\p{L}{2,}/u) },
  {
    offence: 'contact',
    isSure: true,
    in: found(
      /[\p{L}\p{N}_-] ?(?:\(at\)|\[at\]|\{at\}|\bat\b|\barroba\b|\bчертовка\b|собака) ?[\p{L}\p{N}-]{2,} ?(?:\(dot\)|\[dot\]|\bdot\b|\bpunkt\b|\bpunto\b|\bponto\b|\bpoint\b|точка) ?\p{L}{2,}/u,
    ),
  },
  {
    offence: 'contact',
    isSure: true,
    in: found(
      /\b(?:gmail|hotmail|outlook|yahoo|proton(mail)?|gmx|icloud) ?(?:\.|\(dot\)|dot|punkt|point|punto) ?(?:com|de|net|fr|me|ru)\b/u,
    ),
  },
  { offence: 'contact', isSure: true, in: (text) => numbersIn(text).some((run) => isTelephone(run) && !isCard(run)) },
  {
    offence: 'contact',
    isSure: true,
    in: found(
      new RegExp(
        `(?<![\\p{L}])(?:${messengers}) ?(?:id|name|nick|handle|number|nummer)? ?(?::|=|-|is|ist|@)+ ?@?[\\p{L}\\p{N}_.+-]{3,}`,
        'u',
      ),
    ),
  },
  {
    offence: 'contact',
    isSure: true,
    in: found(
      /\b(?:tel|phone|telefon|fon|handy|mobile|mobil|cell|telephone|telefono|тел|телефон)\.? ?:? ?\+?\d[\d ()/.-]{5,}/u,
    ),
  },
  { offence: 'contact', isSure: true, in: found(/(?<!\p{L})(?:t|wa)\.me\/|discord\.gg\/|line\.me\//u) },
  {
    offence: 'contact',
    isSure: false,
    in: found(
      new RegExp(
        `(?<![\\p{L}])(?:${reachVerbs})(?![\\p{L}])[^.!?]{0,40}(?<![\\p{L}])(?:${messengers})(?![\\p{L}])`,
        'u',
      ),
    ),
  },
  { offence: 'contact', isSure: false, in: found(/(?<![\p{L}\p{N}.])@[\p{L}\p{N}_]{3,}/u) },
  {
    offence: 'contact',
    isSure: false,
    in: (text) => numbersIn(text).some((run) => !isTelephone(run) && !isCard(run) && digits(run).length >= 7),
  },
  {
    offence: 'contact',
    isSure: false,
    in: found(/\b(?:(?:zero|one|two|three|four|five|six|seven|eight|nine|oh|double)[ ,-]+){6,}/u),
  },
  {
    offence: 'contact',
    isSure: false,
    in: found(
      /\b(?:off (?:the )?platform|outside (?:of )?(?:this|the) (?:platform|market|site)|ausserhalb der plattform|fuera de la plataforma|en dehors de la plateforme)\b/u,
    ),
  },
  { offence: 'link', isSure: true, in: found(/(?:https?|hxxps?|ftp):\/\/|\bwww\.[\p{L}\p{N}-]+/u) },
  {
    offence: 'link',
    isSure: true,
    in: found(new RegExp(`(?<![\\p{L}\\p{N}@.])[\\p{L}\\p{N}-]{2,63}\\.(?:${topLevels})\\/[\\p{L}\\p{N}]`, 'u')),
  },
  {
    offence: 'link',
    isSure: false,
    in: found(
      new RegExp(
        `(?<![\\p{L}\\p{N}@.])(?!(?:asp|vb|ado)\\.net|socket\\.io|node\\.js)[\\p{L}\\p{N}-]{3,63}\\.(?:${topLevels})(?![\\p{L}\\p{N}])`,
        'u',
      ),
    ),
  },
  {
    offence: 'insult',
    isSure: true,
    in: (text) => word(insults).test(text.unmasked) || insultsUnspaced.test(text.said),
  },
  {
    offence: 'insult',
    isSure: false,
    in: (text) => word(hardWords).test(text.unmasked) || hardWordsUnspaced.test(text.said),
  },
  { offence: 'insult', isSure: false, in: found(/\b\p{L}[*#$%!]{2,}\p{L}*\b|\b\p{L}{1,3}\*\p{L}{1,4}\b/u) },
  { offence: 'personal', isSure: true, in: isBankAccount },
  { offence: 'personal', isSure: true, in: (text) => numbersIn(text).some(isCard) },
  { offence: 'personal', isSure: true, in: found(/(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/u) },
  {
    offence: 'personal',
    isSure: false,
    in: found(
      /\b\d{1,4}[a-z]? (?:[\p{L}'.-]+ ){1,3}(?:street|st|road|rd|avenue|ave|lane|drive|boulevard|blvd)\b|\b\p{L}+(?:strasse|str\.|weg|gasse|allee|platz|straat|laan) ?\d{1,4}\b|\b\d{1,4},? (?:rue|avenue|boulevard|chemin|impasse) (?:de|du|des|la|le)?|\b(?:calle|avenida|via|rua|ulica|ul\.) [\p{L} ]{2,30},? ?\d{1,4}\b|ул\.? ?\p{L}+,? ?(?:д\.? ?)?\d+/u,
    ),
  },
  {
    offence: 'personal',
    isSure: false,
    in: found(
      /\b(?:passport|ssn|social security|driving licen[cs]e|ausweis|reisepass|personalausweis|steuernummer|passeport|dni|pasaporte|cpf|codice fiscale|pesel|паспорт\p{L}*|снилс|инн)\b[^.!?]{0,20}\d{3,}/u,
    ),
  },
  {
    offence: 'personal',
    isSure: false,
    in: found(
      /\b(?:born on|date of birth|birthday is|geboren am|geburtsdatum|nee? le|fecha de nacimiento|nacido el|data di nascita|data de nascimento|дата рождения|родил\p{L}* \d)/u,
    ),
  },
  {
    offence: 'personal',
    isSure: false,
    in: found(
      /\b(?:(?:he|she|they|home) (?:really )?(?:lives?|address) (?:at|in|is)|(?:his|her|their) home address|wohnt in|habite (?:a|au)|vive en|abita a|mora em|живет (?:в|на))\b/u,
    ),
  },
  {
    offence: 'gibberish',
    isSure: true,
    in: (text) => {
      const words = wordsOf(text)
      if (text.said === '') return false
      if (words.length === 0) return !/\p{Extended_Pictographic}|\d/u.test(text.said)
      return words.every((one) => isMashed(one) || isUnspoken(one)) || (words.length >= 6 && new Set(words).size <= 1)
    },
  },
  {
    offence: 'gibberish',
    isSure: false,
    in: (text) => {
      const words = wordsOf(text)
      const odd = words.filter((one) => isMashed(one) || isUnspoken(one)).length
      return (odd > 0 && odd * 3 >= words.length) || (words.length >= 12 && new Set(words).size * 4 <= words.length)
    },
  },
  {
    offence: 'bought',
    isSure: true,
    in: found(
      new RegExp(
        `${buying}[^.!?]{0,40}(?:for|fur|pour|por|per|za|за) (?:a |an |your |eine |une |una |uma )?${stars}|${money}[^.!?]{0,40}${exchange}[^.!?]{0,40}${stars}|${exchange} [^.!?]{0,40}${money}[^.!?]{0,40}${stars}`,
        'u',
      ),
    ),
  },
  {
    offence: 'bought',
    isSure: false,
    in: found(
      /\b(?:change|raise|update|remove|delete|improve|andere|losche|modifie\p{L}*|cambi\p{L}*)[^.!?]{0,30}(?:review|rating|stars|bewertung|avis|resena|recensione)[^.!?]{0,40}\b(?:if|when|once|wenn|sobald|si|cuando|se|quando)\b|\b(?:paid|fake|bought|gekaufte) (?:reviews?|bewertung\p{L}*)|\breview (?:swap|exchange)|\b(?:5|five) stars? (?:back|in return)/u,
    ),
  },
]
