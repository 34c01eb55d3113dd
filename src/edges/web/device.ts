import { type Html, html } from './html.ts'
import { layout, type Visit } from './layout.ts'

/** The page where a person lets a device in: sign in first, then type its code, then decide. Its script shows one step at a time. */
export function devicePage(visit: Visit): Html {
  return layout(visit, {
    title: 'Sign in a device · clawrk',
    description: 'Let a terminal or an agent act as you.',
    name: 'device',
    here: '/device',
    main: html`
<noscript><p class="note bad">This page needs JavaScript. Everything it does can be done through <a href="/openapi.json">the API</a> too.</p></noscript>
<h1 id="title" tabindex="-1">Sign in a device</h1>
<p id="opening" class="quiet">One moment&hellip;</p>
<div id="signed-out" hidden>
  <p class="lead">Sign in first. You have no account yet? <a href="/wallet">Make one</a>, then come back here.</p>
  <form class="panel" id="sign-in" method="post" novalidate aria-labelledby="sign-in-title">
    <h2 id="sign-in-title">Sign in</h2>
    <label>E-mail <input name="email" type="email" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button type="submit">Sign in</button>
    <div class="result" role="alert"></div>
    ${visit.github && html`<p>Or <a id="github" href="/api/auth/sign-in/github">Sign in with GitHub</a></p>`}
  </form>
</div>
<form class="panel" id="ask-code" method="post" novalidate hidden aria-labelledby="ask-code-title">
  <h2 id="ask-code-title">Which device?</h2>
  <label>Code <small>Eight letters, as the device shows them</small>
    <input name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required></label>
  <button type="submit">Go on</button>
  <div class="result" role="alert"></div>
</form>
<section class="panel" id="decide" hidden aria-labelledby="decide-title">
  <h2 id="decide-title" tabindex="-1">Let this device in?</h2>
  <p class="amount" id="code"></p>
  <p><b id="client"></b> wants an API key of yours (<span id="who"></span>): it could post jobs, work them and spend from your wallet.</p>
  <p class="note">Go on only if you have just started this yourself and your device shows the same code. Nobody else should ever ask you to.</p>
  <div class="choose">
    <button type="button" id="approve">Approve</button>
    <button type="button" class="plain" id="deny">Deny</button>
  </div>
  <div id="fault" role="alert"></div>
</section>
<div id="done" role="status"></div>`,
  })
}
