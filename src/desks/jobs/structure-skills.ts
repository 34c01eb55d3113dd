/** One kind of work: how it is told by its words, and what a small piece of it costs and takes. */
interface SkillRow {
  readonly skill: string
  /** Price of a small job; larger ones cost a multiple (`structure.ts`). */
  readonly cents: number
  readonly seconds: number
  /** Words and pairs of words that name the skill: three points each. */
  readonly names: string
  /** Words that go with it: one point each. */
  readonly hints: string
}

/** The skills the market knows by their words. The first of equals wins, so the more special ones stand first. */
export const skillRows: readonly SkillRow[] = [
  {
    skill: 'translation',
    cents: 800,
    seconds: 3_600,
    names:
      'translate, translation, translator, localize, localise, localization, localisation, subtitle, übersetze, übersetzung, traduce, traduire, traduction, traducción',
    hints:
      'english, german, french, spanish, italian, portuguese, japanese, chinese, korean, russian, arabic, dutch, polish, turkish, language, native speaker, multilingual',
  },
  {
    skill: 'sql',
    cents: 1_500,
    seconds: 7_200,
    names:
      'sql, postgres, postgresql, mysql, sqlite, plpgsql, stored procedure, query plan, sql query, window function, mssql, oracle',
    hints: 'query, queries, join, index, table, schema, database, migration',
  },
  {
    skill: 'ml',
    cents: 4_000,
    seconds: 14_400,
    names:
      'machine learning, deep learning, neural, pytorch, tensorflow, scikit, llm, fine tune, fine tuning, embedding, classifier, rag, transformer, hugging face, computer vision, nlp, reinforcement, prompt engineering',
    hints:
      'model, training, train, dataset, inference, accuracy, prediction, predict, feature, gpu, evaluation, ai, regression, notebook',
  },
  {
    skill: 'blockchain',
    cents: 5_000,
    seconds: 14_400,
    names: 'solidity, smart contract, ethereum, solana, blockchain, web3, defi, nft, evm, erc20, hardhat, foundry',
    hints: 'wallet, token, gas, chain, mint, staking, ledger, crypto',
  },
  {
    skill: 'security',
    cents: 4_000,
    seconds: 14_400,
    names:
      'security, vulnerability, vulnerabilities, pentest, penetration test, exploit, cve, xss, csrf, owasp, threat model, malware, hardening, sql injection, cryptography, soc2, gdpr',
    hints:
      'audit, attack, auth, oauth, permission, encryption, secret, password, sanitize, sandbox, compliance, risk, leak',
  },
  {
    skill: 'devops',
    cents: 3_000,
    seconds: 10_800,
    names:
      'devops, docker, dockerfile, kubernetes, k8s, helm, terraform, ansible, ci cd, github actions, gitlab ci, jenkins, nginx, prometheus, grafana, aws, gcp, azure, sre, infrastructure, observability',
    hints:
      'deploy, deployment, pipeline, cluster, container, server, cloud, monitoring, build, release, linux, bash, shell, ci, logs, incident, uptime',
  },
  {
    skill: 'scraping',
    cents: 1_500,
    seconds: 7_200,
    names: 'scrape, scraper, scraping, crawl, crawler, crawling, beautifulsoup, scrapy, web data extraction',
    hints: 'extract, pages, listings, urls, directory, leads, contact',
  },
  {
    skill: 'mobile',
    cents: 3_000,
    seconds: 14_400,
    names:
      'android, ios, iphone, ipad, swift, swiftui, kotlin, flutter, react native, xcode, mobile app, hybrid app, app store, play store, mweb, expo',
    hints: 'mobile, app, device, tap, swipe, push notification, screen, tablet, long press, native, simulator',
  },
  {
    skill: 'gamedev',
    cents: 4_000,
    seconds: 14_400,
    names: 'unity, unreal, godot, game, gameplay, shader, game design, pygame, sprite',
    hints: 'player, level, enemy, physics, score, animation, multiplayer, scene',
  },
  {
    skill: 'testing',
    cents: 2_000,
    seconds: 7_200,
    names:
      'write tests, test suite, test case, test cases, test plan, e2e, e2e test, playwright, cypress, selenium, qa, regression test, load test, manual testing',
    hints:
      'test, testing, unit test, integration test, coverage, jest, pytest, vitest, mock, assert, fixture, flaky, scenario, verify, reproduce',
  },
  {
    skill: 'frontend',
    cents: 2_500,
    seconds: 10_800,
    names:
      'frontend, front end, react, vue, svelte, angular, nextjs, css, tailwind, html, typescript component, landing page, dom, accessibility, a11y, responsive, web app, my website, our website, the website, a website, web page, browser, webpack, vite',
    hints:
      'button, page, modal, click, icon, layout, component, menu, tooltip, header, scroll, ui, hover, dropdown, dark mode, form, field, link, website, tab, sidebar, checkbox, avatar, thumbnail, padding, web, chrome, safari, displayed, screen, navigation, placeholder, typescript, javascript, composer, chat, list, rhp, lhn, website',
  },
  {
    skill: 'backend',
    cents: 3_000,
    seconds: 10_800,
    names:
      'backend, back end, rest api, graphql, grpc, microservice, microservices, fastapi, django, flask, express, fastify, spring boot, rails, laravel, webhook, nodejs, endpoint, golang, rust, java, kotlin server, python function, python script, python library, function that, script that, data structure, linked list, algorithm, command line, server side, message queue, redis, kafka, openapi',
    hints:
      'api, server, service, endpoints, request, response, database, cache, queue, worker, auth, python, node, java, go, function, script, json, integration, concurrency, cli, library, parser, typescript, bug',
  },
  {
    skill: 'data',
    cents: 2_000,
    seconds: 7_200,
    names:
      'data analysis, analyze data, analyse data, pandas, dashboard, spreadsheet, excel, csv, tableau, power bi, etl, data pipeline, statistics, statistical, data cleaning, visualization, visualisation, google sheets, data entry, bigquery, dbt',
    hints:
      'data, dataset, chart, charts, graph, column, rows, metrics, kpi, clean, duplicates, trend, aggregate, correlation, outliers, python, r, plot',
  },
  {
    skill: 'design',
    cents: 2_500,
    seconds: 10_800,
    names:
      'logo, figma, wireframe, mockup, mockups, ui design, ux design, graphic design, branding, brand identity, illustration, banner, poster, flyer, photoshop, illustrator, typography, design system, infographic, icon set',
    hints: 'design, designer, color, colour, palette, font, style, visual, image, svg, prototype, ux, layout, brand',
  },
  {
    skill: 'media',
    cents: 2_500,
    seconds: 10_800,
    names:
      'video, podcast, audio, transcribe, transcript, transcription, voiceover, voice over, video editing, thumbnail design, music, ffmpeg, storyboard',
    hints: 'clip, edit, recording, sound, youtube, tiktok, reel, footage, mp3, mp4, minutes',
  },
  {
    skill: 'docs',
    cents: 1_500,
    seconds: 7_200,
    names:
      'documentation, docs, readme, api reference, user guide, user manual, changelog, how to guide, technical writing, runbook, docstring, tutorial, release notes',
    hints: 'document, guide, manual, reference, examples, markdown, explain, faq, onboarding, installation',
  },
  {
    skill: 'marketing',
    cents: 1_200,
    seconds: 5_400,
    names:
      'marketing, seo, social media, ad copy, campaign, newsletter, product description, tagline, slogan, linkedin post, tweet, instagram, content calendar, google ads, landing page copy, cold email, email sequence, growth, keyword research',
    hints:
      'audience, brand, engagement, copy, customers, conversion, launch, post, posts, promotion, sales, hashtags, subject line, cta',
  },
  {
    skill: 'editing',
    cents: 800,
    seconds: 3_600,
    names:
      'proofread, proofreading, copyedit, copyediting, copy edit, rewrite, rephrase, paraphrase, typos, grammar, shorten',
    hints: 'spelling, punctuation, tone, style, wording, clarity, correct, edit, improve, text',
  },
  {
    skill: 'legal',
    cents: 3_000,
    seconds: 10_800,
    names:
      'legal, contract review, nda, terms of service, privacy policy, lawyer, patent, trademark, clause, clauses, agreement, license terms',
    hints: 'contract, compliance, law, party, liability, jurisdiction, gdpr, regulation, draft',
  },
  {
    skill: 'finance',
    cents: 2_500,
    seconds: 7_200,
    names:
      'financial model, accounting, bookkeeping, valuation, balance sheet, cash flow, p&l, profit and loss, tax return, investment, portfolio, forecast, quarterly earnings, budget',
    hints: 'finance, financial, tax, revenue, cost, margin, stock, stocks, earnings, bank, ratio, pricing',
  },
  {
    skill: 'support',
    cents: 800,
    seconds: 3_600,
    names:
      'customer support, customer service, helpdesk, support ticket, support tickets, reply to customers, zendesk, canned responses',
    hints: 'ticket, tickets, customer, customers, complaint, reply, inbox, refund, apology',
  },
  {
    skill: 'product',
    cents: 2_000,
    seconds: 7_200,
    names:
      'product manager, product spec, prd, roadmap, user stories, user story, backlog, product strategy, product requirements, business plan, pitch deck, go to market',
    hints: 'stakeholders, mvp, priorities, persona, feature, startup, strategy, milestone, okr, users',
  },
  {
    skill: 'automation',
    cents: 2_000,
    seconds: 7_200,
    names:
      'automate, automation, zapier, n8n, make.com, workflow automation, apps script, selenium bot, telegram bot, discord bot, slack bot, chatbot, macro, cron',
    hints: 'bot, workflow, trigger, schedule, script, integrate, sync, notify, daily',
  },
  {
    skill: 'writing',
    cents: 1_000,
    seconds: 5_400,
    names:
      'write an article, blog post, blog, write article, essay, short story, poem, haiku, ghostwrite, ebook, screenplay, script for, press release, cover letter, resume, cv, biography, speech, copywriting',
    hints:
      'write, words, paragraphs, tone, readers, chapter, draft, title, headline, creative, narrative, letter, email',
  },
  {
    skill: 'research',
    cents: 500,
    seconds: 3_600,
    names:
      'research, literature review, market research, competitor, competitors, competitive analysis, investigate, compare, comparison, find out, summarize, summarise, summary, survey, fact check, history of, report on, overview of, sources, bibliography, due diligence',
    hints:
      'study, findings, report, trends, market, citations, evidence, pros, cons, analysis, list of, alternatives, papers, what, who, why',
  },
]

export const generalSkill = { skill: 'general', cents: 1_000, seconds: 5_400 } as const

const nameWorth = 3

/** What a word, alone or behind the words that led here, gives to which row, and the words that may follow it. */
class Entry {
  given: { readonly row: number; readonly points: number }[] = []
  next: Map<string, Entry> | null = null

  follow(word: string): Entry {
    this.next ??= new Map()
    const known = this.next.get(word)
    if (known) return known
    const entry = new Entry()
    this.next.set(word, entry)
    return entry
  }

  /** A plural says what its word says, unless it is known itself; how often it was used is counted apart. */
  addPlurals(): void {
    const known = [...(this.next ?? [])].filter(([, { given }]) => given.length > 0)
    for (const entry of this.next?.values() ?? []) entry.addPlurals()
    for (const [word, { given }] of known) {
      const plural = this.follow(`${word}s`)
      if (plural.given.length === 0) plural.given = given
    }
  }
}

/** Every word that begins something known; what is more than one word is found word by word. */
const lexicon: ReadonlyMap<string, Entry> = (() => {
  const start = new Entry()
  const learn = (phrases: string, row: number, points: number) => {
    for (const phrase of phrases.split(',')) {
      const entry = phrase
        .trim()
        .split(' ')
        .reduce((from, word) => from.follow(word), start)
      entry.given.push({ row, points })
    }
  }
  for (const [row, { names, hints }] of skillRows.entries()) {
    learn(names, row, nameWorth)
    learn(hints, row, 1)
  }
  start.addPlurals()
  return start.next!
})()

const word = /[\p{L}][\p{L}\p{N}+#&.]*/gu
const longestBody = 6_000
const fewestPoints = 2
const mostTimes = 2

/**
 * The skill whose words title and text use most: a word in the title counts double, one in the text at most twice.
 * Hints alone, without a word that names the skill, count half: "wallet" is not yet a blockchain.
 */
export function skillOf(
  title: string,
  body: string,
): { readonly skill: string; readonly cents: number; readonly seconds: number } {
  const points = new Array<number>(skillRows.length).fill(0)
  const named = new Array<boolean>(skillRows.length).fill(false)
  score(title, 2, points, named)
  score(body.slice(0, longestBody), 1, points, named)
  let best = -1
  let most = 0
  for (let row = 0; row < points.length; row++) {
    const weighed = named[row] ? points[row]! : points[row]! / 2
    if (weighed >= fewestPoints && weighed > most) [best, most] = [row, weighed]
  }
  return skillRows[best] ?? generalSkill
}

function score(text: string, weight: number, points: number[], named: boolean[]): void {
  const times = new Map<Entry, number>()
  const count = (entry: Entry | undefined) => {
    if (!entry) return
    const seen = (times.get(entry) ?? 0) + 1
    times.set(entry, seen)
    if (seen > mostTimes) return
    for (const { row, points: worth } of entry.given) {
      points[row] = points[row]! + worth * weight
      if (worth === nameWorth) named[row] = true
    }
  }
  let last: Entry | undefined
  let pair: Entry | undefined
  for (const found of text.toLowerCase().match(word) ?? []) {
    const now = withoutStop(found)
    const [one, two, three] = [lexicon.get(now), last?.next?.get(now), pair?.next?.get(now)]
    count(one)
    count(two)
    count(three)
    last = one
    pair = two
  }
}

/** A word takes the stop of its sentence with it, for the sake of "make.com". */
function withoutStop(found: string): string {
  let end = found.length
  while (found[end - 1] === '.' || found[end - 1] === '&') end--
  return end === found.length ? found : found.slice(0, end)
}
