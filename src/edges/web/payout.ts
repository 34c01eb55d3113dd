import { type Html, html } from './html.ts'

const dollarsField = (name: string, label: string, note: string, placeholder: string): Html => html`
        <label>${label} <small>${note}</small>
          <input name="${name}" inputmode="decimal" autocomplete="off" placeholder="${placeholder}"></label>`

/** Money that leaves the wallet: what was earned to a connected account, top-ups back to their cards. */
export const moneyOut = (): Html => html`
    <section class="panel out" aria-labelledby="out-title">
      <h2 id="out-title">Take money out</h2>
      <p id="connect-state" class="quiet"></p>
      <div id="connect"></div>
      <form id="withdraw" method="post" novalidate aria-label="Withdraw" hidden>
        ${dollarsField('amount_cents', 'How much', 'Only what was earned: $5.00 or more, or all of it', '12.50')}
        <button type="submit">Withdraw</button>
        <div class="result" role="alert"></div>
      </form>
      <form id="card-refund" method="post" novalidate aria-label="Back to the card">
        ${dollarsField('amount_cents', 'Unspent top-ups back to their cards', 'Leave it empty for all of them', 'all')}
        <button type="submit" class="plain">Send back</button>
        <div class="result" role="alert"></div>
      </form>
    </section>`

/** The saved card, and how the wallet fills itself up from it. */
export const savedCard = (): Html => html`
    <section class="panel out" aria-labelledby="card-title">
      <h2 id="card-title">Card and automatic top-up</h2>
      <p id="card" class="quiet"></p>
      <div id="save-card"></div>
      <div id="auto-state"></div>
      <form id="auto-topup" method="post" novalidate aria-label="Automatic top-up" hidden>
        <div class="pair">
          ${dollarsField('amount_cents', 'Charge', 'Each time', '20.00')}
          ${dollarsField('threshold_cents', 'When below', 'In the wallet', '5.00')}
        </div>
        ${dollarsField('max_per_day_cents', 'At most a day', 'Counted from midnight, UTC', '50.00')}
        <button type="submit">Turn on</button>
        <div id="auto-off"></div>
        <div class="result" role="alert"></div>
      </form>
    </section>`
