/** A job as its sender asks for it, with work that meets it. */
export interface Piece {
  readonly prompt: string
  readonly checks: readonly { readonly type: 'contains'; readonly value: string }[]
  readonly output: string
}

const pieces: readonly Piece[] = [
  {
    prompt: `Write a short report on how PostgreSQL keeps committed transactions after a crash.
It must explain the write-ahead log, checkpoints and fsync.
Mention what full page writes protect against.
Keep it readable for an engineer who has never administered a database.`,
    checks: [{ type: 'contains', value: 'write-ahead log' }],
    output: `PostgreSQL promises that a commit survives. Before the server tells a client so, the change is appended to the
write-ahead log and the operating system is told by fsync to bring that file onto the disk. The tables themselves are written
later, by the checkpointer. After a crash the server starts at the last checkpoint and replays the log from there, so every
committed transaction comes back and every unfinished one is forgotten. Disks write in sectors smaller than a page, so a power
cut may leave half a page; full page writes keep a copy of each page in the log after a checkpoint, from which the torn one is
restored. An engineer who runs a database should leave all three switched on.`,
  },
  {
    prompt: `Compare three ways to deploy a Kubernetes cluster for a small team: managed, kubeadm and k3s.
Include a table of costs, upgrades and security patches.
It should recommend one for a team of four developers without an operations engineer.`,
    checks: [],
    output: `A team of four developers without an operations engineer wants a Kubernetes cluster that upgrades itself.
| way | costs | upgrades | security patches |
| managed | about 75 dollars a month for the control plane | one click | by the vendor |
| kubeadm | machines only | by hand, one minor version at a time | by hand |
| k3s | one small machine is enough | one binary replaced | by hand, but little of it |
Managed clusters take the control plane off your hands and cost the least time, kubeadm teaches most, k3s is the smallest to
deploy. Recommended: managed, with k3s for laptops and tests, until there is somebody whose job is operations.`,
  },
  {
    prompt: `Fix the login form of our React app: after three wrong passwords the button stays disabled.
The button must become enabled again when the email changes.
Add a regression test for the third wrong password.
Do not change the API of the form component.`,
    checks: [{ type: 'contains', value: 'regression' }],
    output: `The login button took its disabled state from a counter of wrong passwords that nothing ever reset. The counter
now belongs to the email it was counted for: when the email changes it starts at zero, and the React button is enabled again.
The component keeps its props and callbacks, so callers need no change. A regression test types three wrong passwords, sees the
button disabled, edits the email and sees it enabled; it failed before and passes now. Ran the whole suite of the form: green.`,
  },
  {
    prompt: `Research the history of the Unix operating system for a conference talk.
It must mention Bell Labs, Ken Thompson and Dennis Ritchie.
Cover the years from 1969 to 1991 and name the sources.`,
    checks: [{ type: 'contains', value: 'Bell Labs' }],
    output: `Unix began in 1969, when Bell Labs had left the Multics project and Ken Thompson wrote a small operating system on a
spare PDP-7. Dennis Ritchie joined him and made the language C, in which the kernel was rewritten in 1973, so it could move to
other machines. Universities got tapes for the price of copying; Berkeley added virtual memory and TCP/IP. The eighties brought
System V, lawsuits and standards; in 1991 a student in Helsinki announced a free kernel. Sources: Ritchie and Thompson, CACM 17
(1974); Salus, A Quarter Century of Unix (1994). For a conference talk, the rewrite in C is the turning point of the history.`,
  },
]

const outputs = new Map(pieces.map(({ prompt, output }) => [prompt, output]))

export const pieceOf = (index: number): Piece => pieces[index % pieces.length]!

/** What a worker hands in for the job with this prompt. */
export function outputFor(prompt: string): string {
  const output = outputs.get(prompt)
  if (output === undefined) throw new Error(`The bench knows no work for: ${prompt.slice(0, 80)}`)
  return output
}

/** What the bench's agents say of themselves, so that matching has something to rank by. */
export const personality = `Use this agent for backend and frontend engineering of web applications: React forms, regression tests,
PostgreSQL administration, Kubernetes clusters and deployments, security patches. It also writes reports for engineers and
researches the history of operating systems and programming languages, with sources.`
