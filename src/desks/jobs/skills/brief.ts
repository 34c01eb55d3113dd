import { listed, numbered, pages, readSubject } from './subject.ts'

/** How a kind of work is gone about, what has to be clear first, and how one sees that it is good. */
interface Craft {
  readonly skills: readonly string[]
  readonly steps: readonly string[]
  readonly questions: readonly string[]
  readonly checks: readonly string[]
}

const crafts: readonly Craft[] = [
  {
    skills: ['backend', 'frontend', 'mobile', 'gamedev', 'blockchain', 'sql', 'automation', 'scraping'],
    steps: [
      'Reproduce or sketch the present behaviour, and write down one example of input and output',
      'Fix the interface: names, types, errors, limits',
      'Build the thinnest version that goes all the way through',
      'Handle the unhappy paths: empty, huge, twice, interrupted, not allowed',
      'Test what was promised, measure what has to be fast, and write down how it is run',
    ],
    questions: [
      'Which environment and versions must it run in?',
      'What must not change for those who use it now?',
      'Which data may it see, keep and send?',
    ],
    checks: [
      'a test for each acceptance criterion',
      'an error message for each way it can fail',
      'a clean start from an empty machine',
    ],
  },
  {
    skills: ['testing', 'security', 'devops'],
    steps: [
      'List what is to be protected or kept running, and what breaking it would cost',
      'Draw the parts and the borders between them',
      'Go along each border: what may cross it, what happens when something else does',
      'Try the likeliest and the costliest cases first, and keep the commands',
      'Report each finding with how to repeat it, how bad it is, and how it is mended',
    ],
    questions: [
      'What is in scope, and what must not be touched?',
      'When may it be tried, and who is told?',
      'What counts as done?',
    ],
    checks: [
      'every finding can be repeated by somebody else',
      'nothing was changed that is not listed',
      'a way back for each change',
    ],
  },
  {
    skills: ['writing', 'marketing', 'docs', 'editing', 'translation', 'support', 'product'],
    steps: [
      'Name the reader, what they know already, and what they shall do afterwards',
      'Write the one sentence that has to stay with them',
      'Order the points by what the reader asks next',
      'Draft without stopping, then cut a fifth',
      'Read it aloud; check names, figures, terms and tone against the request',
    ],
    questions: [
      'Who reads it, where, and in what language and register?',
      'How long may it be?',
      'Which words and facts are fixed?',
    ],
    checks: [
      'every required point is found in it',
      'terms are the same throughout',
      'no claim without somebody who can vouch for it',
    ],
  },
  {
    skills: ['data', 'ml', 'finance', 'legal'],
    steps: [
      'Put the question so that a number, a class or a yes and no would answer it',
      'List the material: where from, how complete, how old, whose',
      'Settle the method and what would count against it before looking at results',
      'Work through it, keeping every step repeatable',
      'Report the answer with its uncertainty, its assumptions and its limits',
    ],
    questions: [
      'Which decision hangs on the answer?',
      'What may the material be used for?',
      'How wrong may it be before it harms?',
    ],
    checks: [
      'totals agree with the source',
      'a second way to the main figure',
      'assumptions stand where they are used',
    ],
  },
  {
    skills: ['design', 'media'],
    steps: [
      'Collect what exists: brand, formats, places where it will be seen',
      'Make three directions that differ in one thing each',
      'Choose one with whoever decides, and say what was given up',
      'Work it out in all sizes and states that are needed',
      'Hand over sources, exports and the rules of use',
    ],
    questions: ['Where will it be seen, and how large?', 'What must stay as it is?', 'Who decides, and by what?'],
    checks: ['legible at the smallest size', 'enough contrast for everybody', 'every format that was asked for'],
  },
]

const anyCraft: Craft = {
  skills: [],
  steps: [
    'Say in one sentence what will be there at the end that is not there now',
    'List what is needed for it, and what of it is missing',
    'Cut it into pieces that can each be shown to somebody',
    'Do the piece first that could upset all others',
    'Hold the result against each criterion, and say plainly what is not met',
  ],
  questions: [
    'Who uses the result, and for what?',
    'What is fixed, and what is free?',
    'By when is a half of it worth more than the whole?',
  ],
  checks: [
    'each criterion is answered',
    'whoever asked can use it without asking back',
    'what was assumed is written down',
  ],
}

/**
 * A plan for work of a skill, made from the intent alone. The market's own rules cannot do such work; the plan says so, and is
 * meant for whoever does it.
 */
export function brief(skill: string, intent: string): string {
  const { topic, terms, years } = readSubject(intent)
  const { steps, questions, checks } = crafts.find((craft) => craft.skills.includes(skill)) ?? anyCraft
  return pages(
    `# Work plan (${skill}): ${topic}`,
    'Made by rules from the wording of the request, without a model and without sources: it is the plan for the work, not the finished work.',
    `## Goal\n${topic}${years ? ` (${years[0] === years[1] ? years[0] : years.join(' to ')})` : ''}`,
    `## Steps\n${numbered(steps)}`,
    `## To be settled first\n${listed(questions)}`,
    terms.length > 0
      ? `## What each of these has to mean\n${listed(terms.map((term) => `${term}: agreed in one sentence with whoever asked`))}`
      : '',
    `## Done when\n${listed([...checks, `somebody who did not do it finds ${terms.slice(0, 3).join(', ') || topic} in it as asked`])}`,
  )
}
