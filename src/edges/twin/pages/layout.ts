import { type Html, html } from './html.ts'
import { style } from './style.ts'

/** The page for an address that names no checkout. */
export function unknownPage(): Html {
  return notice('Not found', {
    mark: 'muted',
    sign: '?',
    title: 'There is no such page',
    text: 'The link may be incomplete. Go back to where you came from and start the payment again.',
  })
}

export interface Notice {
  readonly mark: 'good' | 'muted'
  readonly sign: string
  readonly title: string
  readonly text: string
  readonly facts?: readonly (readonly [string, string])[]
  readonly link?: { readonly href: string; readonly text: string }
}

/** A page that says one thing and leads on. */
export function notice(title: string, { mark, sign, title: heading, text, facts, link }: Notice): Html {
  const rows = facts?.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return layout(
    title,
    html`<main class="notice">
      <p class="mark ${mark}" aria-hidden="true">${sign}</p>
      <h1>${heading}</h1>
      <p>${text}</p>
      ${rows && html`<dl class="facts">${rows}</dl>`}
      ${link && html`<a class="button" href="${link.href}">${link.text}</a>`}
    </main>`,
  )
}

/** The frame of every hosted page. */
export function layout(title: string, main: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>${title} · Test mode</title>
    <style>${style}</style>
  </head>
  <body>
    <p class="strip"><strong>TEST MODE</strong> <span>Play money only. No card is charged.</span></p>
    ${main}
    <footer>Stripe twin &middot; a local stand-in for Stripe, not Stripe itself</footer>
  </body>
</html>
`
}

/** The card that every page pays with. */
export const cardPicture: Html = html`<div class="card" role="img" aria-label="Test card ending in 4242">
            <span class="chip"></span>
            <span class="network">TEST</span>
            <span class="digits"><span>4242</span><span>4242</span><span>4242</span><span>4242</span></span>
            <span class="small">12 / 34</span>
          </div>`

/** What the bank said, above the button that tries again. */
export const declined = (message: string): Html =>
  html`<p class="refusal" role="alert">${message} Nothing was charged; you may try again.</p>`

/** The date and time of an event, for a person anywhere. */
export const moment = (seconds: number): string =>
  `${new Date(seconds * 1_000).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })} UTC`
