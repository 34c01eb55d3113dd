// @ts-check

/** What the API refused, with its own sentence as the message. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} sentence
   * @param {readonly { path: string, message: string }[]} issues
   */
  constructor(status, sentence, issues) {
    super(sentence)
    this.status = status
    this.issues = issues
  }
}

/**
 * Asks the API, as in `ask('POST /api/keys', { name })`. Throws a `Refused` for anything but success.
 * @param {string} route
 * @param {Record<string, unknown>} [input]
 */
export async function ask(route, input) {
  const [method = 'GET', path = '/'] = route.split(' ')
  /** @type {Response} */
  let answer
  try {
    answer = await fetch(path, {
      method,
      ...(input ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) } : {}),
    })
  } catch {
    throw new Refused(0, 'The market did not answer. Look at your connection and try again.', [])
  }
  const body = await answer.json().catch(() => null)
  if (answer.ok) return body
  throw new Refused(answer.status, body?.error ?? `The market answered ${answer.status}.`, body?.issues ?? [])
}
