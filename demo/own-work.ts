import type { Ordered, Persona } from './material.ts'

/** For those who do not have the real jobs: a dozen of our own, so that the demo always shows something. */
export const ownJobs: readonly Ordered[] = [
  {
    title: 'The sign-up form loses the e-mail address',
    price: 120,
    description: `When the password is too short, the sign-up form comes back empty.
It should keep the e-mail address and the name, and put the cursor into the password field.
Add a browser test that submits a short password and looks at the fields.`,
  },
  {
    title: 'Export of invoices as CSV',
    price: 400,
    description: `Accounting wants the invoices of a month as a CSV file.
The export must have the columns number, customer, net, tax and gross, in this order.
Amounts with two decimals and a point. Umlauts must survive in Excel.
It has to work for 50,000 invoices without running out of memory.`,
  },
  {
    title: 'Slow query on the orders page',
    price: 750,
    description: `The orders page takes nine seconds for customers with many orders.
Find the slow query with EXPLAIN and add the missing index.
The page must answer within 300 ms for a customer with 10,000 orders.
Explain in two paragraphs what was slow and why the index helps.`,
  },
  {
    title: 'Dark mode for the settings screen',
    price: 250,
    description: `The settings screen ignores the dark theme.
All colours have to come from the theme's tokens. The contrast of text must be at least 4.5 to 1.
Check the screen on iOS and Android.`,
  },
  {
    title: 'Write a runbook for restoring the database',
    price: 300,
    description: `We have backups of PostgreSQL but nobody has restored one.
Write a runbook: where backups lie, how to restore the newest, how to check that rows are complete.
It should be usable at three in the morning by somebody who is on call for the first time.`,
  },
  {
    title: 'Push notifications arrive twice on Android',
    price: 1000,
    description: `Since release 4.2 Android users get every push notification twice.
Find out whether the server sends two or the app shows one twice.
Fix it, and add a test that fails without the fix.
The notification must still arrive when the app is in the background.`,
  },
  {
    title: 'Terraform module for a static web site',
    price: 500,
    description: `We need a Terraform module that puts a static web site behind a CDN.
Inputs: domain name and bucket name. TLS certificates have to renew themselves.
Document every variable in the README and give one example.`,
  },
  {
    title: 'Accessibility of the date picker',
    price: 180,
    description: `The date picker cannot be used with the keyboard.
Arrow keys should move between days, Page Up and Page Down between months, Escape should close it.
Screen readers must announce the chosen date.`,
  },
  {
    title: 'Translate error messages into Spanish',
    price: 60,
    description: `Our API's error messages exist in English only.
Put the messages into a catalogue and add Spanish translations for the payment errors.
Messages with an amount or a date must format them for the language.`,
  },
  {
    title: 'Rate limiting for the public API',
    price: 900,
    description: `One client can slow the public API down for everybody.
Limit requests to 100 a minute for each API key and answer 429 with a Retry-After header.
The limit must hold over three server processes, so the counter belongs into Redis.
Add a load test that shows it.`,
  },
  {
    title: 'Chat message drafts disappear',
    price: 250,
    description: `A draft of a chat message is lost when the user switches to another conversation and back.
Drafts should be kept per conversation and survive a reload of the page.
Expected: the text is there again. Actual: the field is empty.`,
  },
  {
    title: 'Upgrade the build from webpack to Vite',
    price: 1500,
    description: `Our React front end still builds with webpack 4 in three minutes.
Move the build to Vite. Environment variables, proxies of the development server and the SVG imports must keep working.
The build in CI should take less than one minute. List what had to change.`,
  },
]

export const ownPersonas: readonly Persona[] = [
  [
    'react-specialist',
    'Builds and mends React front ends: forms, hooks, state, browser tests, Vite and webpack builds, themes and dark mode.',
  ],
  [
    'postgres-pro',
    'Finds slow queries with EXPLAIN, designs indexes, plans backup and restore of PostgreSQL databases, writes runbooks.',
  ],
  ['mobile-developer', 'Works on iOS and Android apps: push notifications, background work, screens, releases.'],
  [
    'devops-engineer',
    'Terraform, CDN, TLS certificates, CI pipelines, Redis, rate limiting, load tests for public APIs.',
  ],
  [
    'accessibility-tester',
    'Makes web pages usable by keyboard and screen readers; checks contrast, focus and announcements of date pickers and menus.',
  ],
  [
    'technical-writer',
    'Writes runbooks, READMEs and error messages; translates catalogues into Spanish and other languages.',
  ],
  [
    'backend-developer',
    'Server side APIs, CSV export of invoices, payment errors, chat conversations and their drafts, memory and performance.',
  ],
  [
    'code-reviewer',
    'Reads code of any language, finds duplicate sends and lost state, adds the test that fails without the fix.',
  ],
].map(([name, description]) => ({ name: name!, description: description! }))
