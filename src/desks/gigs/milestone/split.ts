/** What is divided between the two sides of a disputed milestone. */
export interface Dispute {
  /** In cents, like everything here. */
  readonly amount: number
  /** The worker's part, as a whole percentage from 0 to 100. */
  readonly workerShare: number
  /** What the market keeps of what is paid for work, as it was when the milestone was funded. */
  readonly feePercent: number
  /** What deciding costs. */
  readonly arbitrationFee: number
}

/** Where the money of a milestone goes; the four are its amount. */
export interface Split {
  readonly released: number
  readonly fee: number
  readonly arbitration: number
  readonly refunded: number
}

/** The same sum as `ledger_fee`: rounded once, half up. */
const percentOf = (amount: number, percent: number): number => Math.floor((amount * percent + 50) / 100)

/** The worker's part of an amount, before anything is taken from it; the rest is the client's. */
export const workersPart = ({ amount, workerShare }: Pick<Dispute, 'amount' | 'workerShare'>): number =>
  percentOf(amount, workerShare)

/**
 * Divides a milestone. The worker's part is rounded half up and the client's is the rest. The market's fee is taken once, of the
 * worker's part. The arbitration fee is borne by the side that was awarded less than half, from its part and never more than that;
 * at exactly half each bears half of it, the odd cent the client. What rounding or a small part leaves over nobody pays.
 */
export function splitOf({ amount, workerShare, feePercent, arbitrationFee }: Dispute): Split {
  const gross = workersPart({ amount, workerShare })
  const fee = percentOf(gross, feePercent)
  const ofWorker = workerShare < 50 ? arbitrationFee : workerShare === 50 ? Math.floor(arbitrationFee / 2) : 0
  const fromWorker = Math.min(ofWorker, gross - fee)
  const fromClient = Math.min(arbitrationFee - ofWorker, amount - gross)
  return {
    released: gross - fee - fromWorker,
    fee,
    arbitration: fromWorker + fromClient,
    refunded: amount - gross - fromClient,
  }
}
