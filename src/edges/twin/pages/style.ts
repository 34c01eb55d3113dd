import { Html } from './html.ts'

/** The one style sheet of the hosted pages. It stands in the page, and the page's policy names its hash. */
export const style: Html = new Html(`
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --panel: #ffffff; --ink: #171a21; --soft: #5a6372; --line: #dfe3e9;
  --accent: #2447d4; --accent-deep: #1b36a6; --on-accent: #ffffff;
  --strip: #ffedc2; --strip-ink: #5f4200; --good: #11734b; --good-soft: #ddf3e8; --muted-soft: #e7eaef;
  --bad: #a3231c; --bad-soft: #fde4e1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1218; --panel: #181c25; --ink: #eceff5; --soft: #a0a9b8; --line: #2c333f;
    --accent: #8aa2ff; --accent-deep: #a9bbff; --on-accent: #0d1330;
    --strip: #3b2c08; --strip-ink: #ffdc92; --good: #63d6a2; --good-soft: #143527; --muted-soft: #272e3a;
    --bad: #ffaba4; --bad-soft: #43201e;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  min-height: 100vh; min-height: 100dvh; display: grid; grid-template-rows: auto 1fr auto;
  background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  -webkit-text-size-adjust: 100%;
}
.strip {
  display: flex; flex-wrap: wrap; gap: 0 .75em; justify-content: center; padding: .45rem 1rem;
  background: var(--strip); color: var(--strip-ink); font-size: .875rem; text-align: center;
}
.strip strong { letter-spacing: .06em; }
a { color: var(--accent); text-underline-offset: .2em; }
a:focus-visible, button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
h1 { font-size: clamp(2.25rem, 1.6rem + 2.6vw, 3.25rem); line-height: 1.1; letter-spacing: -.02em; font-weight: 700; overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; line-height: 1.3; }
.checkout { display: grid; }
.column { display: grid; gap: 1rem; width: 100%; max-width: 26rem; margin: 0 auto; align-content: start; }
.order, .payment { padding: 2rem 1.25rem; }
.payment { background: var(--panel); border-top: 1px solid var(--line); }
.back { justify-self: start; color: var(--soft); text-decoration: none; font-size: .9375rem; padding: .25rem 0; margin-bottom: .5rem; }
.back:hover { color: var(--ink); text-decoration: underline; }
.label { color: var(--soft); margin-bottom: -.75rem; }
.lines { list-style: none; padding: 0; margin-top: .75rem; }
.lines li { display: flex; justify-content: space-between; gap: 1.5rem; padding: .75rem 0; border-top: 1px solid var(--line); }
.lines span { overflow-wrap: anywhere; min-width: 0; }
.lines small { display: block; color: var(--soft); font-size: .875rem; }
.lines b { font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.lines li:not(.total) b { font-weight: 400; }
.total { font-weight: 600; }
.card {
  position: relative; display: flex; flex-direction: column; justify-content: flex-end; gap: .35rem;
  aspect-ratio: 2; min-height: 9.5rem; padding: 1.25rem; border-radius: 14px; color: #f3f5ff;
  background: radial-gradient(120% 140% at 100% 0, #5470e8 0, #2a3f9e 45%, #18235c 100%);
  font-variant-numeric: tabular-nums;
}
.card .chip { position: absolute; top: 1.25rem; left: 1.25rem; width: 2.4rem; height: 1.75rem; border-radius: 6px; background: linear-gradient(135deg, #f0dca0, #c9a653); }
.card .network { position: absolute; top: 1.3rem; right: 1.25rem; font-weight: 700; letter-spacing: .12em; font-size: .875rem; }
.card .digits { display: flex; gap: .8em; font-size: clamp(1.05rem, .8rem + 1.2vw, 1.25rem); letter-spacing: .06em; }
.card .small { font-size: .875rem; opacity: .85; }
button, .button {
  display: block; width: 100%; padding: .9rem 1.25rem; border: 0; border-radius: 10px; cursor: pointer;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-align: center; text-decoration: none;
}
button:hover, .button:hover { background: var(--accent-deep); }
.hint { color: var(--soft); font-size: .9375rem; text-align: center; text-wrap: balance; }
.hint.quiet { font-size: .8125rem; margin-top: -.5rem; }
.refusal { padding: .75rem 1rem; border-radius: 10px; background: var(--bad-soft); color: var(--bad); font-size: .9375rem; }
.soft { color: var(--soft); }
.steps { list-style: none; padding: 0; display: grid; gap: .85rem; margin-top: .5rem; }
.steps li { display: flex; gap: .75rem; align-items: baseline; }
.steps li::before { content: "✓"; flex: none; color: var(--good); font-weight: 700; }
.facts { width: 100%; border: 1px solid var(--line); border-radius: 10px; text-align: left; }
.facts div { display: flex; gap: 1rem; padding: .7rem 1rem; }
.facts div + div { border-top: 1px solid var(--line); }
.facts dt { flex: 0 0 5rem; color: var(--soft); }
.facts dd { min-width: 0; overflow-wrap: anywhere; }
.notice {
  align-self: center; justify-self: center; display: grid; justify-items: center; gap: 1rem; text-align: center;
  width: min(30rem, 100% - 2.5rem); margin: 2.5rem 0; padding: 2.5rem clamp(1.25rem, 5vw, 2.5rem);
  background: var(--panel); border: 1px solid var(--line); border-radius: 16px;
}
.notice h1 { font-size: 1.75rem; }
.notice p { color: var(--soft); text-wrap: balance; }
.notice .mark { display: grid; place-items: center; width: 3.5rem; height: 3.5rem; border-radius: 50%; font-size: 1.625rem; line-height: 1; font-weight: 700; }
.notice .mark.good { background: var(--good-soft); color: var(--good); }
.notice .mark.muted { background: var(--muted-soft); color: var(--soft); }
footer { padding: 1rem; color: var(--soft); font-size: .8125rem; text-align: center; }
@media (min-width: 54rem) {
  .checkout { grid-template-columns: 1fr 1fr; }
  .order, .payment { padding: clamp(2.5rem, 9vh, 5.5rem) 3.5rem; }
  .order .column { margin-right: 0; }
  .payment .column { margin-left: 0; }
  .payment { border-top: 0; border-left: 1px solid var(--line); }
  .checkout + footer { border-top: 1px solid var(--line); }
}
`)
