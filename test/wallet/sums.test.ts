import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openDatabase } from '../../src/base/db.ts'
import { cloneDatabase } from '../support/database.ts'

const db = openDatabase({ url: (await cloneDatabase()).url, poolSize: 2 })
after(() => db.close())

test('100,000 prices at once: fee + share = price, each at least zero, and the fee is rounded half up, once', async () => {
  const [wrong] = await db.rows<{ n: number; prices: number }>(
    `select count(*) as prices, count(*) filter (where fee + share <> price or fee < 0 or share < 0
       or fee <> least(price, floor((price * percent)::numeric / 100 + 0.5) + fixed)) as n
     from (select price, percent, fixed, ledger_fee(price, percent, fixed) as fee, price - ledger_fee(price, percent, fixed) as share
       from (select 1 + (random() * 99999999)::bigint as price, (random() * 100)::integer as percent, (random() * 100)::integer as fixed
         from generate_series(1, 50000)
         union all select n, 20, 50 from generate_series(1, 50000) as n) as terms) as split`,
  )
  assert.deepEqual([wrong!.prices, wrong!.n], [100_000, 0])
  const known = await db.rows(`select ledger_fee(p, 20, 50) as fee from unnest(array[100, 500, 1000, 5000]) as p`)
  assert.deepEqual(known, [{ fee: 70 }, { fee: 150 }, { fee: 250 }, { fee: 1_050 }])
})

test('random payments in and parts out of one wallet, in random order: to the cent, and card money stays card money', async () => {
  const user = '01a20226-00b5-7bc1-9461-989abfd9ed53'
  await db.rows(`select ledger_open($1)`, [user])
  const pick = (most: number): number => 1 + Math.floor(Math.random() * most)
  // What the ledger should say, kept beside it in the plainest way.
  let [earned, card, out] = [0, 0, 0]
  let n = 0
  const move = async (kind: string, from: string, to: string, cents: number): Promise<boolean> => {
    const [row] = await db.rows<{ outcome: string }>(
      `select ledger_post($1, 'x', $2, 'USD', array[$3], array[$4], array[$5::bigint]) as outcome`,
      [kind, `test:${++n}`, from, to, cents],
    )
    return row!.outcome === 'posted'
  }
  const wallet = `wallet:${user}`
  for (let step = 0; step < 1_500; step++) {
    const cents = pick(400)
    switch (pick(6)) {
      case 1:
        assert.ok(await move('topup', 'platform:stripe', wallet, cents))
        card += cents
        break
      case 2:
        assert.ok(await move('topup', 'platform:stripe', `escrow:e${step}`, cents))
        assert.ok(await move('job_settled', `escrow:e${step}`, wallet, cents))
        earned += cents
        break
      case 3: {
        // Reserved, then paid in two parts or given back whole.
        const may = cents <= earned
        assert.equal(await move('withdrawal', wallet, `clearing:w${step}`, cents), may)
        if (!may) break
        if (pick(2) === 1) {
          assert.ok(await move('withdrawal_paid', `clearing:w${step}`, 'platform:stripe', cents))
          earned -= cents
          out += cents
        } else assert.ok(await move('withdrawal_returned', `clearing:w${step}`, wallet, cents))
        break
      }
      case 4: {
        const may = cents <= card
        assert.equal(await move('card_refund', wallet, `clearing:r${step}`, cents), may)
        if (!may) break
        if (pick(2) === 1) {
          assert.ok(await move('card_refund_paid', `clearing:r${step}`, 'platform:stripe', cents))
          card -= cents
          out += cents
        } else assert.ok(await move('card_refund_returned', `clearing:r${step}`, wallet, cents))
        break
      }
      case 5: {
        // A job takes card money first, and a refund in parts brings it back as it was.
        const may = cents <= earned + card
        assert.equal(await move('job_paid', wallet, `escrow:j${step}`, cents), may)
        if (!may) break
        for (let left = cents; left > 0; ) {
          const part = pick(left)
          assert.ok(await move('refund', `escrow:j${step}`, wallet, part))
          left -= part
        }
        break
      }
      default: {
        const may = cents <= earned + card
        assert.equal(await move('job_paid', wallet, `escrow:s${step}`, cents), may)
        if (!may) break
        assert.ok(await move('job_settled', `escrow:s${step}`, 'platform:fees', cents))
        const byCard = Math.min(card, cents)
        card -= byCard
        earned -= cents - byCard
      }
    }
    const [row] = await db.rows<{ balance: number; card_part: number; earned: number }>(
      `select balance, card_part, ledger_earned($1, 0) as earned from ledger_account where id = 'wallet:' || $1`,
      [user],
    )
    assert.deepEqual(row, { balance: earned + card, card_part: card, earned })
  }
  assert.ok(out > 0)
})
