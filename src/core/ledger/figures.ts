import type { Figures } from '../../base/figures.ts'

/** How the money stands: what the last check of every law found, when that was, and whether money may leave. One row each. */
export const ledgerFigures: readonly Figures[] = [
  {
    query: `select json_array_length(a.breaches) as breaches, extract(epoch from app_now() - a.at)::float8 as age,
        (f.since is not null)::int as frozen, coalesce(extract(epoch from app_now() - f.since), 0)::float8 as frozen_for
      from (values (1)) as one left join ledger_audit a on true left join ledger_freeze f on true`,
    labels: [],
    shown: {
      breaches: {
        name: 'clawrk_ledger_breaches',
        help: 'Places where a law of the ledger did not hold when they were all checked last; 0 is the only good number.',
      },
      age: {
        name: 'clawrk_ledger_audit_age_seconds',
        help: 'How long ago every law of the ledger was checked last.',
      },
      frozen: { name: 'clawrk_ledger_frozen', help: '1 while no money may leave: no withdrawal, no payout.' },
      frozen_for: { name: 'clawrk_ledger_frozen_seconds', help: 'For how long money may not leave; 0 when it may.' },
    },
  },
]
