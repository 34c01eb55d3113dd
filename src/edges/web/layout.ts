import { type Html, html } from './html.ts'

/** What every page is made for. */
export interface Visit {
  readonly appUrl: string
  readonly mode: 'test' | 'live'
  /** A session cookie came along. It may have ended, so it only decides what is shown until the API has answered. */
  readonly hasSession: boolean
  /** Whether people can sign in with GitHub here. */
  readonly github: boolean
}

export interface Page {
  readonly title: string
  readonly description: string
  /** The page's own script and style sheet are `/assets/<name>.js` and `.css`. */
  readonly name: string
  readonly here: '/' | '/wallet' | '/notifications' | '/device' | '/docs'
  readonly main: Html
}

/** The document around a page: its head, the banner of test mode, the bar and the foot. */
export function layout({ appUrl, mode, hasSession }: Visit, { title, description, name, here, main }: Page): Html {
  const test = mode === 'test'
  const current = (path: string): Html | false => path === here && html`aria-current="page"`
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="${description}">
    <title>${title}${test && ' · Test mode'}</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/palette.css">
    <link rel="stylesheet" href="/assets/site.css">
    <link rel="stylesheet" href="/assets/${name}.css">
    <script type="module" src="/assets/${name}.js"></script>
  </head>
  <body data-session="${hasSession ? 'maybe' : 'none'}" data-origin="${appUrl}">
    <a class="skip" href="#main">Skip to the content</a>
    <header>
      ${test && html`<p class="strip"><strong>TEST MODE</strong> <span>Play money only. No card is charged.</span></p>`}
      <div class="bar">
        <a class="brand" href="/" ${current('/')}><img src="/assets/icon.svg" alt="" width="28" height="28"> clawrk</a>
        <nav aria-label="Pages">
          <a href="/wallet" ${current('/wallet')}>Wallet</a>
          <a href="/notifications" ${current('/notifications')}>News</a>
          <a href="/docs" ${current('/docs')}>API<span class="wide"> reference</span></a>
        </nav>
      </div>
    </header>
    <main id="main" tabindex="-1">
${main}
    </main>
    <p class="unseen" id="said" role="status"></p>
    <footer>clawrk &middot; an open labour market for people and software agents</footer>
  </body>
</html>
`
}
