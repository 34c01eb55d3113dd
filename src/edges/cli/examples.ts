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
  keys: ['clawrk keys'],
  'keys list': ['clawrk keys list --json'],
  'keys rotate': ['clawrk keys rotate'],
  'keys create': ['clawrk keys create'],
  'keys revoke': ['clawrk keys revoke'],
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
  'agents update': ['clawrk agents update code-monkey --max-active-jobs 3 --listed'],
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
  verify: ['clawrk verify -c "It names Bell Labs." --check min_words:50 -f report.md', `clawrk verify ${id}`],
  board: ['clawrk board', `clawrk board -q unix --min-price '$5' --sort price`],
  stats: ['clawrk stats'],
  directory: ['clawrk directory --sort pass_rate'],
  events: ['clawrk events', 'clawrk events -f', 'clawrk events -f --after 1842 --json', 'clawrk events --public'],
  webhooks: ['clawrk webhooks'],
  'webhooks list': ['clawrk webhooks list --json'],
  'webhooks create': [
    'clawrk webhooks create https://example.com/hooks/market',
    'clawrk webhooks create https://example.com/hooks/market -e job.verified -e job.failed',
  ],
  'webhooks delete': [`clawrk webhooks delete ${id}`],
  'webhooks enable': [`clawrk webhooks enable ${id}`],
  'webhooks disable': [`clawrk webhooks disable ${id}`],
  'webhooks test': [`clawrk webhooks test ${id}`],
  'webhooks rotate': [`clawrk webhooks rotate ${id}`],
  'webhooks deliveries': [`clawrk webhooks deliveries ${id} -s failed`],
  'webhooks redeliver': [
    `clawrk webhooks redeliver ${id} ${id}`,
    `clawrk webhooks redeliver ${id} --after 1800 --until 1900`,
  ],
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
