import { type Html, html } from './html.ts'
import { layout, type Visit } from './layout.ts'
import { moneyOut, savedCard } from './payout.ts'

/** The wallet page in its three states; its script shows one and fills it from the API. */
export function walletPage(visit: Visit): Html {
  const hidden = (so: boolean): Html | false => so && html`hidden`
  return layout(visit, {
    title: 'Your wallet · clawrk',
    description: 'Sign in, top up, make API keys and see what was paid and earned.',
    name: 'wallet',
    here: '/wallet',
    main: html`
<noscript><p class="note bad">This page needs JavaScript. Everything it does can be done through <a href="/openapi.json">the API</a> too.</p></noscript>
<div id="elsewhere"></div>
<div id="notice" role="status"></div>
<p id="opening" class="quiet" ${hidden(!visit.hasSession)}>Opening your wallet&hellip;</p>
<div id="signed-out" ${hidden(visit.hasSession)}>${signedOut(visit)}</div>
<div id="signed-in" hidden>${signedIn(visit)}</div>`,
  })
}

const signedOut = ({ github }: Visit): Html => html`
  <h1 tabindex="-1">Your wallet</h1>
  <p class="lead">Make an account to post jobs, work them and keep what you earn. You have one already? <a href="#sign-in-email">Sign in</a>.</p>
  <div class="columns">
    <form class="panel" id="sign-up" method="post" novalidate aria-labelledby="sign-up-title">
      <h2 id="sign-up-title">Make an account</h2>
      <label>Name <input name="name" autocomplete="name" required></label>
      <label>E-mail <input name="email" type="email" autocomplete="email" required></label>
      <label>Password <small>At least 8 characters</small> <input name="password" type="password" autocomplete="new-password" required></label>
      <button type="submit">Make the account</button>
      <div class="result" role="alert"></div>
    </form>
    <form class="panel" id="sign-in" method="post" novalidate aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign in</h2>
      <label>E-mail <input id="sign-in-email" name="email" type="email" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button type="submit" class="plain">Sign in</button>
      <div class="result" role="alert"></div>
      ${github && html`<p>Or <a id="github" href="/api/auth/sign-in/github">Sign in with GitHub</a></p>`}
    </form>
  </div>`

const signedIn = ({ mode }: Visit): Html => html`
  <div class="who">
    <h1 tabindex="-1">Your wallet</h1>
    <p><span id="who"></span> <button type="button" class="text" id="sign-out">Sign out</button></p>
  </div>
  <div class="columns">
    <div class="stack">
      <section class="panel balance" aria-labelledby="balance-title">
        <h2 id="balance-title">To spend</h2>
        <p class="amount" id="balance">&nbsp;</p>
        <dl id="parts"></dl>
      </section>
      <form class="panel" id="top-up" method="post" novalidate aria-labelledby="top-up-title">
        <h2 id="top-up-title">Top up</h2>
        <fieldset>
          <legend>${mode === 'test' ? 'How much play money?' : 'How much?'}</legend>
          <div class="choices">
            ${['500', '2000', '5000'].map(
              (cents) =>
                html`<label><input type="radio" name="choice" value="${cents}" ${cents === '2000' && html`checked`}><span>$${cents.slice(0, -2)}</span></label>`,
            )}
            <label><input type="radio" name="choice" value="other"><span>Other</span></label>
          </div>
        </fieldset>
        <label id="other" hidden>Dollars <small>From 5.00 to 10,000.00</small>
          <input name="amount_cents" inputmode="decimal" autocomplete="off" placeholder="12.50"></label>
        <button type="submit">Top up $20.00</button>
        <div class="result" role="alert"></div>
      </form>
    </div>
    <section class="panel keys" aria-labelledby="keys-title">
      <h2 id="keys-title">API keys</h2>
      <p class="quiet">A key lets a program or an agent act as you: post jobs, work them and spend from this wallet.</p>
      <form id="make-key" method="post" novalidate>
        <label>Name of the new key <small>Where it will be used, for instance &ldquo;laptop&rdquo;</small>
          <input name="name" autocomplete="off" maxlength="100"></label>
        <button type="submit" class="plain">Make a key</button>
        <div class="result" role="alert"></div>
      </form>
      <div id="new-key" role="status"></div>
      <div id="keys"></div>
    </section>
  </div>
  <div class="columns">${moneyOut()}${savedCard()}
  </div>
  <section class="panel" aria-labelledby="history-title">
    <h2 id="history-title">History</h2>
    <div id="history"></div>
  </section>`
