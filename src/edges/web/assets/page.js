// @ts-check
// What both pages need of a document.

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no element #${id}`)
  return found
}

/** @param {string} id */
export const formOf = (id) => /** @type {HTMLFormElement} */ (byId(id))

/** @typedef {Node | string} Child */

/**
 * An element; text put in stays text.
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {Child[]} children
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/**
 * @param {string} text
 * @param {string} look
 * @param {(button: HTMLButtonElement) => void} press
 */
export function makeButton(text, look, press) {
  const button = /** @type {HTMLButtonElement} */ (make('button', { type: 'button', class: look }, text))
  button.addEventListener('click', () => press(button))
  return button
}

/** @param {number} cents */
export const dollars = (cents) => (cents / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' })

/**
 * Dollars as people write them, in cents; NaN when it is no amount.
 * @param {string} text
 */
export function readDollars(text) {
  const match = /^\$?\s*(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(text.trim().replace(/,(?=\d{3}\b)/g, ''))
  return match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')) : Number.NaN
}

/**
 * A moment in the reader's own time zone, whole on hover.
 * @param {string} at
 */
export function moment(at) {
  const date = new Date(at)
  const sameYear = date.getFullYear() === new Date().getFullYear()
  const text = date.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? { hour: '2-digit', minute: '2-digit' } : { year: 'numeric' }),
  })
  return make(
    'time',
    { datetime: at, title: date.toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'long' }) },
    text,
  )
}

/**
 * Puts the text of an element on the clipboard, or selects it where the browser keeps its clipboard shut (plain http).
 * @param {HTMLButtonElement} button
 * @param {Element} source
 */
export async function copyFrom(button, source) {
  const before = button.dataset.text ?? button.textContent ?? ''
  button.dataset.text = before
  try {
    await navigator.clipboard.writeText(source.textContent ?? '')
    button.textContent = 'Copied'
  } catch {
    getSelection()?.selectAllChildren(source)
    button.textContent = 'Selected'
  }
  byId('said').textContent = button.textContent
  setTimeout(() => {
    button.textContent = before
    byId('said').textContent = ''
  }, 2_000)
}

/**
 * Sends a form through `send` once at a time; a refusal is said below it in the API's words, and the fields it names are marked.
 * @param {HTMLFormElement} form
 * @param {(fields: Record<string, string>) => Promise<void>} send
 */
export function onSubmit(form, send) {
  const result = /** @type {HTMLElement} */ (form.querySelector('.result'))
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'))
  const submit = async () => {
    if (button.ariaDisabled === 'true') return
    // Not `disabled`: that would throw the keyboard's focus away.
    button.ariaDisabled = 'true'
    result.replaceChildren()
    for (const field of form.elements) field.removeAttribute('aria-invalid')
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))
    try {
      await send(fields)
    } catch (error) {
      showFault(form, result, error)
    } finally {
      button.ariaDisabled = null
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} result
 * @param {unknown} error
 */
function showFault(form, result, error) {
  const issues = /** @type {{ issues?: { path: string, message: string }[] }} */ (error).issues ?? []
  const sentences = issues.length > 1 ? issues.map(({ path, message }) => `${path}: ${message}`) : [sentenceOf(error)]
  result.replaceChildren(make('div', { class: 'note bad' }, ...sentences.map((sentence) => make('p', {}, sentence))))
  const named = [...form.elements].filter((field) => issues.some(({ path }) => path === field.getAttribute('name')))
  for (const field of named) field.setAttribute('aria-invalid', 'true')
  if (named[0] instanceof HTMLElement) named[0].focus()
}

/** @param {unknown} error */
export const sentenceOf = (error) => (error instanceof Error ? error.message : String(error))
