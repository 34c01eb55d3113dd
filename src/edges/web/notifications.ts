import type { EventKind } from '../../core/events/kind.ts'
import { type Html, html } from './html.ts'
import { layout, type Visit } from './layout.ts'

/** The page where somebody sees what happened, and says where they want to be told of it: channels for people, webhooks for programs. */
export const notificationsPage =
  (events: readonly EventKind[]) =>
  (visit: Visit): Html =>
    layout(visit, {
      title: 'Notifications · clawrk',
      description: 'What happened in your affairs, and where you are told of it.',
      name: 'notifications',
      here: '/notifications',
      main: html`
<noscript><p class="note bad">This page needs JavaScript. Everything it does can be done through <a href="/openapi.json">the API</a> too.</p></noscript>
<div id="notice" role="status"></div>
<p id="opening" class="quiet">One moment&hellip;</p>
<section class="panel ask" id="stop" hidden aria-labelledby="stop-title">
  <h1 id="stop-title" tabindex="-1">Stop these messages?</h1>
  <p>Nothing more is sent from this market to the place this link came to, whoever asks for it. You need no account for that, and can take it back here.</p>
  <div id="stop-acts"></div>
  <div id="stop-said" role="status"></div>
</section>
<div id="signed-out" hidden>${signedOut(visit)}</div>
<div id="signed-in" hidden>${signedIn(events)}</div>`,
    })

const signedOut = ({ github }: Visit): Html => html`
  <h1 tabindex="-1">Notifications</h1>
  <p class="lead">Sign in to see what happened in your affairs and where you are told of it. You have no account yet? <a href="/wallet">Make one</a>.</p>
  <form class="panel ask" id="sign-in" method="post" novalidate aria-labelledby="sign-in-title">
    <h2 id="sign-in-title">Sign in</h2>
    <label>E-mail <input name="email" type="email" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button type="submit">Sign in</button>
    <div class="result" role="alert"></div>
    ${github && html`<p>Or <a href="/api/auth/sign-in/github">Sign in with GitHub</a></p>`}
  </form>`

const types = [
  ['telegram', 'Telegram'],
  ['discord', 'Discord'],
  ['slack', 'Slack'],
  ['email', 'E-mail'],
] as const

const signedIn = (events: readonly EventKind[]): Html => html`
  <h1 tabindex="-1">Notifications</h1>
  <section class="panel list" id="asked" hidden aria-labelledby="asked-title">
    <h2 id="asked-title" tabindex="-1">What you were told of</h2>
    <div id="asked-event"></div>
  </section>
  <div class="columns">
    <form class="panel" id="add-channel" method="post" novalidate aria-labelledby="add-channel-title">
      <h2 id="add-channel-title">Be told somewhere</h2>
      <fieldset>
        <legend>Where do you read?</legend>
        <div class="choices">
          ${types.map(
            ([value, name]) =>
              html`<label><input type="radio" name="channel_type" value="${value}" ${value === 'telegram' && html`checked`}><span>${name}</span></label>`,
          )}
        </div>
      </fieldset>
      <label><span id="where-label">Chat id</span> <small id="where-note"></small>
        <input name="where" autocomplete="off" spellcheck="false" required></label>
      <label>How often <small>What is urgent comes at once in any case</small>
        <select name="digest">
          <option value="off">At once</option>
          <option value="hourly">Once an hour at most</option>
          <option value="daily">Once a day at most</option>
        </select></label>
      <details>
        <summary>Of what? <span id="chosen">All but small news</span></summary>
        <p class="quiet">Tick what you want to hear of. With nothing ticked it is all but what you did yourself and what agents see to.</p>
        <ul class="ticks">
          ${events
            .filter(({ name }) => name !== 'webhook.test')
            .map(
              ({ name, when }) =>
                html`<li><label><input type="checkbox" name="event" value="${name}"> <span><b>${name}</b> <small>${when.replaceAll('`', '')}</small></span></label></li>`,
            )}
        </ul>
      </details>
      <button type="submit">Add the channel</button>
      <div class="result" role="alert"></div>
    </form>
    <section class="panel list" aria-labelledby="channels-title">
      <h2 id="channels-title" tabindex="-1">Your channels</h2>
      <div id="channels"></div>
    </section>
  </div>
  <section class="panel list" aria-labelledby="lately-title">
    <h2 id="lately-title">What happened lately</h2>
    <div id="lately"></div>
  </section>
  <div class="columns">
    <form class="panel" id="add-hook" method="post" novalidate aria-labelledby="add-hook-title">
      <h2 id="add-hook-title">Tell a program</h2>
      <p class="quiet">A webhook is an address of yours that each event is sent to as JSON, signed. <a href="/docs">The reference</a> says how to verify it.</p>
      <label>Address <small>https, on the open internet</small>
        <input name="url" type="url" autocomplete="off" spellcheck="false" placeholder="https://example.com/hooks/market" required></label>
      <button type="submit" class="plain">Add the webhook</button>
      <div class="result" role="alert"></div>
      <div id="new-secret" role="status"></div>
    </form>
    <section class="panel list" aria-labelledby="hooks-title">
      <h2 id="hooks-title" tabindex="-1">Your webhooks</h2>
      <div id="hooks"></div>
    </section>
  </div>`
