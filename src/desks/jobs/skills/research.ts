import { listed, numbered, pages, readSubject, type Subject } from './subject.ts'

/** The kinds of question a topic may be, told by its words; the first that fits. */
const kinds: readonly {
  readonly words: RegExp
  readonly outline: readonly string[]
  readonly sources: readonly string[]
}[] = [
  {
    words: /\b(?:history|origins?|evolution|timeline|biography|beginnings?|rise|decline)\b/i,
    outline: [
      'Before: the setting, and what was missing in it',
      'Beginnings: who, where, when, and with what means',
      'Turning points in order, each with its date, its cause and its consequence',
      'Branches, rivals and dead ends',
      'Today: what is left of it and who carries it on',
      'Disputed points: where accounts differ, and why',
    ],
    sources: [
      'first-hand accounts: papers, memoirs and interviews of those who took part',
      'archives and museums of the institutions involved',
      'histories by people who were not involved, to set against the former',
    ],
  },
  {
    words: /\b(?:market|competitors?|competitive|industry|pricing|customers?|vendors?|startups?|demand)\b/i,
    outline: [
      'Scope: which product, which buyers, which region, which year',
      'Size and growth, as a range with the method behind each figure',
      'Who supplies: the main ones, their share, price and difference',
      'Who buys: groups, what they pay for, what makes them change',
      'Forces: regulation, substitutes, technology, cost of entry',
      'Gaps and risks, each with what would prove it wrong',
    ],
    sources: [
      'filings and price lists of the companies themselves',
      'official statistics and trade associations',
      'interviews or reviews of buyers; figures of analysts only beside their method',
    ],
  },
  {
    words: /\b(?:compar\w+|versus|vs|alternatives?|differences?|pros|cons|which|choose|best)\b/i,
    outline: [
      'What the choice is for, and for whom',
      'The criteria, and their weight, before anything is scored',
      'Each candidate on each criterion, as a table',
      'Where they are the same, so that it need not decide',
      'What it costs to change one’s mind later',
      'A recommendation, and the conditions under which it turns',
    ],
    sources: [
      'the documentation and the price list of each candidate',
      'measurements made by somebody who sells neither',
      'reports of people who moved from one to the other',
    ],
  },
  {
    words: /\b(?:health|medical|clinical|disease|therapy|treatment|effects?|impact|causes?|risk|evidence|studies)\b/i,
    outline: [
      'The question, made exact: who, what, compared with what, measured how',
      'What is known: reviews first, then single studies',
      'How large the effect is, and how sure that is',
      'By what mechanism it is thought to come about',
      'Whom it does not apply to, and what else could explain it',
      'What is not known yet',
    ],
    sources: [
      'systematic reviews and registered trials',
      'the original papers, with their sample and their limits',
      'guidelines of the bodies concerned, with their date',
    ],
  },
]

const anything = {
  outline: [
    'What is meant: a definition, and what is left out',
    'The parts it has, and how they hang together',
    'How it came to be as it is',
    'Who is concerned, and what each wants from it',
    'What is agreed, and what is argued about',
    'What follows from it for whoever asked',
  ],
  sources: [
    'standard works and reference articles, for the terms',
    'primary documents, for facts and figures',
    'critics and practitioners, for what the former leave out',
  ],
} as const

/**
 * A research brief: how a topic is best looked into, made from the intent alone. It claims no fact about the topic, because no
 * source was read, and says so.
 */
export function researchBrief(intent: string): string {
  const subject = readSubject(intent)
  const { topic, terms, years, compared } = subject
  const { outline, sources } = kinds.find(({ words }) => words.test(intent)) ?? anything
  const period = years && (years[0] === years[1] ? `the year ${years[0]}` : `the years ${years[0]} to ${years[1]}`)
  return pages(
    `# Research brief: ${topic}`,
    'This is a plan for the research, made by rules from the wording of the request. No source was consulted and no model was asked, so it states no findings; what it offers is a structure to fill, the questions to answer, and where to look.',
    `## Scope\n${listed([
      `Subject: ${topic}.`,
      period
        ? `Period: ${period}; say what came just before and after where it explains something.`
        : 'Period: to be fixed first; without one, from the beginnings until now.',
      ...(compared.length > 0 ? [`Set side by side: ${compared.join(' and ')}, by the same criteria.`] : []),
      'Depth: enough that a reader new to it can explain it to somebody else, and one who knows it finds where opinions part.',
    ])}`,
    `## Outline of the report\n${numbered(outline)}`,
    `## Questions to answer\n${numbered(questionsOf(subject))}`,
    terms.length > 0
      ? `## Terms to define and to search for\n${listed(terms.map((term) => `${term}: what it means here, and what else it is called`))}`
      : '',
    `## Where to look\n${listed(sources)}`,
    `## Search phrases to begin with\n${listed(phrasesOf(subject))}`,
    `## How to judge what is found\n${listed([
      'Two sources that do not rest on each other for every date, figure and quotation.',
      'The oldest source that can be had for each claim, rather than one that repeats it.',
      'What speaks against each main statement, beside it and not at the end.',
      'Nothing is stated without saying how sure it is and where it comes from.',
    ])}`,
  )
}

function questionsOf({ topic, terms, compared }: Subject): string[] {
  const [first, part] = terms
  const last = terms.length > 2 ? terms.at(-1) : undefined
  return [
    `What exactly belongs to ${topic}, and what is often mixed up with it?`,
    `Which three or four facts about ${topic} would a well-informed reader expect to find first?`,
    ...(first && last ? [`How do ${first} and ${last} hang together, and who says so?`] : []),
    ...(part ? [`What part does ${part} play, and would the account hold without it?`] : []),
    ...(compared.length > 0
      ? [`On which criterion do ${compared.join(' and ')} differ most, and for whom does that matter?`]
      : []),
    `Which claims about ${topic} are repeated everywhere and rest on a single source?`,
    'What has changed in the last few years, and what would be out of date in an older account?',
    'What remains open, and what evidence would settle it?',
  ]
}

function phrasesOf({ topic, terms, years }: Subject): string[] {
  const core = terms.slice(0, 4).join(' ')
  if (core === '') return [`"${topic}"`]
  return [
    `${topic.length <= 60 ? `"${topic}"` : terms.slice(0, 3).join(' ')} overview`,
    `${core} primary sources`,
    `${core} criticism OR controversy`,
    `${core} ${years ? years.join('..') : 'timeline'}`,
    `${core} review filetype:pdf`,
  ]
}
