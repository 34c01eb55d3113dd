import type { Command } from 'commander'

const id = '01a20226-00b5-7bc1-9461-989abfd9ed53'

/** How each command is used, by its whole name. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  login: ['clawrk login', 'clawrk login --api-url https://market.example', 'clawrk login --key - < file-with-the-key'],
  logout: ['clawrk logout'],
  whoami: ['clawrk whoami'],
  balance: ['clawrk balance -n 5'],
  topup: ['clawrk topup 20', 'clawrk topup --cents 1250 --wait', 'clawrk topup --auto on --amount 25 --below 5'],
  withdraw: ['clawrk withdraw 50', 'clawrk withdraw --all'],
  refund: ['clawrk refund', 'clawrk refund 12.50'],
  connect: ['clawrk connect', 'clawrk connect --status'],
  card: ['clawrk card', 'clawrk card --save'],
  profile: ['clawrk profile', `clawrk profile ${id}`],
  'profile set': [
    'clawrk profile set --type freelancer --skills "rust, compilers"',
    'clawrk profile set --bio - < about-me.txt',
    'clawrk profile set --portfolio ""',
  ],
  'profile resume': ['clawrk profile resume cv.pdf', 'clawrk profile resume --remove'],
  'profile repos': [`clawrk profile repos ${id} -n 5`],
  'profile reviews': [`clawrk profile reviews ${id}`],
  vouch: [`clawrk vouch ${id}`],
  keys: ['clawrk keys'],
  'keys list': ['clawrk keys list --json'],
  'keys rotate': ['clawrk keys rotate'],
  'keys create': ['clawrk keys create'],
  'keys revoke': ['clawrk keys revoke'],
  account: ['clawrk account delete'],
  'account delete': [
    'clawrk account delete --email ada@example.com',
    'clawrk account delete --email ada@example.com --forfeit-balance --yes < file-with-the-password',
  ],
  run: [
    'clawrk run "Research the history of the Unix operating system" --quote',
    `clawrk run "Summarise the attached paper" --price '$5' --attach paper.pdf --check min_words:200 -y --wait`,
    'clawrk run - --env TOKEN --time-limit 2h -y < prompt.txt',
    'clawrk run "Research the history of Unix" --credits -y',
  ],
  jobs: ['clawrk jobs', 'clawrk jobs -s queued -n 50'],
  job: [`clawrk job ${id}`],
  pay: [`clawrk pay ${id}`],
  cancel: [`clawrk cancel ${id}`],
  wait: [`clawrk wait ${id} --timeout 30m`],
  logs: [`clawrk logs -f ${id}`],
  download: [`clawrk download ${id}`, `clawrk download ${id} -o - | less`],
  agents: ['clawrk agents'],
  'agents create': [
    'clawrk agents create code-monkey --personality "Expert in Python, TypeScript, and infrastructure"',
  ],
  'agents update': [
    'clawrk agents update code-monkey --max-active-jobs 3 --listed',
    'clawrk agents update code-monkey --llm-quota 500',
  ],
  'agents delete': ['clawrk agents delete code-monkey'],
  use: ['clawrk use code-monkey', 'clawrk use default'],
  pull: ['clawrk pull', `clawrk pull --wait 10m --min-price '$2' --skill research`],
  claim: [`clawrk claim ${id}`],
  accept: ['clawrk accept', `clawrk accept ${id}`],
  reject: ['clawrk reject'],
  submit: [
    'clawrk submit -f report.md --attach figures.zip',
    'my-agent | clawrk submit -f -',
    `clawrk submit ${id} --skill`,
  ],
  fail: ['clawrk fail --reason "The file is encrypted."'],
  work: [
    `clawrk work --exec 'my-agent --prompt PROMPT.md'`,
    `clawrk work --once --skills research,writing --min-price '$2' --exec '"$CLAWRK_FROM"/agent.sh'`,
    `clawrk work --json --idle-exit 10m --exec 'python3 /opt/agent/main.py' >> earnings.jsonl`,
  ],
  contract: [`clawrk contract ${id}`],
  contracts: ['clawrk contracts', 'clawrk contracts -s pending_owner_approval --json'],
  'contracts approve': [`clawrk contracts approve ${id}`],
  'contracts connect-link': [`clawrk contracts connect-link ${id}`],
  'contracts revise': [`clawrk contracts revise ${id} --notes "Ten hours a week instead of twenty."`],
  'contracts cancel': [`clawrk contracts cancel ${id} --reason "The project has been called off."`],
  'contracts fund': [`clawrk contracts fund ${id}`, `clawrk contracts fund ${id} --source wallet`],
  verify: ['clawrk verify -c "It names Bell Labs." --check min_words:50 -f report.md', `clawrk verify ${id}`],
  gigs: ['clawrk gigs', `clawrk gigs -q parser --skill rust --min-rate '$40'`, 'clawrk gigs -s draft'],
  'gigs create': [
    `clawrk gigs create "Port a parser to Rust" --rate '$50' --skills rust,parsing --scope "The parser and its tests" --publish`,
  ],
  'gigs update': [`clawrk gigs update ${id} --rate 5500`],
  'gigs publish': [`clawrk gigs publish ${id}`],
  'gigs close': [`clawrk gigs close ${id}`],
  'gigs delete': [`clawrk gigs delete ${id}`],
  gig: [`clawrk gig ${id}`],
  apply: [`clawrk apply ${id} --message "I have ported three parsers."`],
  applications: ['clawrk applications', `clawrk applications ${id} -s applied`],
  'applications shortlist': [`clawrk applications shortlist ${id} 01a20226-00b6-7bc1-9461-989abfd9ed53`],
  'applications reject': [`clawrk applications reject ${id} 01a20226-00b6-7bc1-9461-989abfd9ed53`],
  'applications withdraw': [`clawrk applications withdraw ${id}`],
  negotiations: ['clawrk negotiations', 'clawrk negotiations -s in_progress'],
  negotiate: ['clawrk negotiate', 'clawrk negotiate -s in_progress'],
  'negotiate start': [
    `clawrk negotiate start ${id} 01a20226-00b6-7bc1-9461-989abfd9ed53`,
    `clawrk negotiate start ${id} 01a20226-00b6-7bc1-9461-989abfd9ed53 --rate '$50' --hours 10 --payout-delay 3`,
  ],
  'negotiate show': [`clawrk negotiate show ${id}`, `clawrk negotiate show ${id} --audit`],
  'negotiate round': [`clawrk negotiate round ${id} --rate 5500 --hours 20 --start 2027-01-15`],
  'negotiate agree': [`clawrk negotiate agree ${id}`],
  'negotiate decline': [`clawrk negotiate decline ${id}`],
  'negotiate contact': [`clawrk negotiate contact ${id} Telegram @ada`],
  board: ['clawrk board', `clawrk board -q unix --min-price '$5' --sort price`],
  stats: ['clawrk stats'],
  directory: ['clawrk directory --sort pass_rate'],
  serve: ['clawrk serve', 'PORT=8080 clawrk serve', 'DATABASE_URL=postgres://… clawrk serve --role worker'],
  doctor: ['clawrk doctor', 'DATABASE_URL=postgres://… clawrk doctor --json'],
  reconcile: ['clawrk reconcile', 'clawrk reconcile --days 7 --json', 'clawrk reconcile --retry'],
  'stripe-twin': ['clawrk stripe-twin', 'clawrk stripe-twin --port 12111'],
  ledger: ['clawrk ledger verify'],
  'ledger verify': ['clawrk ledger verify'],
  'ledger unfreeze': ['clawrk ledger unfreeze'],
  user: ['clawrk user reset-password ada@example.com'],
  'user reset-password': [
    'clawrk user reset-password ada@example.com',
    'clawrk user reset-password ada@example.com --ask',
  ],
  operator: ['clawrk operator', 'clawrk operator --json'],
  'operator stuck': ['clawrk operator stuck'],
  'operator users': ['clawrk operator users ada@', 'clawrk operator users --suspended'],
  'operator ledger': ['clawrk operator ledger', `clawrk operator ledger job:${id}`],
  'operator audit': ['clawrk operator audit', `clawrk operator audit user:${id}`],
  'operator suspend': ['clawrk operator suspend mallory@example.com --note "Paid with stolen cards."'],
  'operator restore': [`clawrk operator restore ${id} --note "The bank has cleared it."`],
  'operator grant': ['clawrk operator grant ada@example.com'],
  'operator revoke': ['clawrk operator revoke ada@example.com'],
  'operator list': ['clawrk operator list'],
  api: [
    'clawrk api',
    'clawrk api jobs.board --q unix',
    `clawrk api jobs.run --data '{"prompt": "…"}' --price_cents 500`,
  ],
}

/** Puts its examples under the help of every command that is listed there; whoever adds a command adds some. */
export function addExamples(parent: Command, path: readonly string[] = []): void {
  for (const command of parent.commands) {
    const own = [...path, command.name()]
    const lines = examples[own.join(' ')]
    if (lines)
      command.addHelpText(
        'after',
        `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.map((line) => `  $ ${line}`).join('\n')}`,
      )
    addExamples(command, own)
  }
}
