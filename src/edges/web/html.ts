/** Markup that is safe to send. Only `html` makes it, and it escapes every value that is not markup already. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = Html | string | false | readonly Html[]

/** A template of markup. Text put in is escaped; false leaves nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.map((part, index) => part + (index < values.length ? shown(values[index]!) : '')).join(''))
}

function shown(value: Value): string {
  if (value === false) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map((inner) => inner.text).join('')
  return value.replace(/[&<>"']/g, (character) => entities[character]!)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
