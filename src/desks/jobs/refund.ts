/** Gives what is held for a job back to its sender, in what it was paid with; an SQL expression over a row of the job. */
export const giveBack = `ledger_post('refund', 'job:' || id, 'job:' || id, case terms when 'credits' then 'CREDIT' else 'USD' end,
    array['escrow:job:' || id], array[case terms when 'credits' then 'credits:' else 'wallet:' end || sender], array[coalesce(credit_cost, price_cents)])`
