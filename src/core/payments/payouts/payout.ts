import { life } from '../../../base/states.ts'

export type PayoutStatus = 'waiting' | 'asked' | 'paid' | 'in_wallet' | 'charged_back'

/** After so many definite refusals the provider is not asked again. */
export const refusalsMost = 7

/** Released money on its way to whoever has earned it: in `pending:<user>` while it waits, in clearing while the provider is asked. */
export const payoutLife = life(
  ['waiting', 'asked', 'paid', 'in_wallet', 'charged_back'] as const,
  {
    ask: {
      from: ['waiting'],
      to: 'asked',
      by: ['market'],
      note: 'its day has come: pending to clearing, and the provider is asked for a transfer to the connected account',
    },
    pay: { from: ['asked'], to: 'paid', by: ['provider'], note: 'it has left' },
    refuse: {
      from: ['asked'],
      to: 'waiting',
      by: ['provider'],
      note: 'a definite no: asked again later, seven times at most',
    },
    to_wallet: {
      from: ['waiting'],
      to: 'in_wallet',
      by: ['market'],
      note: 'its day has come and there is no active account, or seven refusals, a debt, a suspension',
    },
    take_back: {
      from: ['waiting'],
      to: 'charged_back',
      by: ['provider'],
      note: 'the bank of who paid for the work has taken all of it; of a part it takes, the rest waits on',
    },
    give_again: { from: ['charged_back'], to: 'waiting', by: ['provider'], note: 'the bank has given it back' },
  } as const,
)
