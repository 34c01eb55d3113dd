import type { EventKind } from '../events/kind.ts'

const user = '01a20226-00b5-7bc1-9461-989abfd9ed53'

export const accountEvents: readonly EventKind[] = [
  {
    name: 'user.created',
    when: 'Your account was opened.',
    example: { user_id: user },
    next: 'Nothing is due. Top up with `POST /api/wallet/topup`, or look at `GET /api/board`.',
    words: { text: 'Your account was opened.', quiet: true },
  },
  {
    name: 'user.updated',
    when: 'Your profile was changed.',
    example: { user_id: user },
    next: 'If it was not you: make your key anew with `POST /api/keys/rotate`.',
    words: { text: 'Your profile was changed.', quiet: true },
  },
  {
    name: 'user.suspended',
    when: 'An operator has suspended you.',
    example: { user_id: user },
    next: 'Finish what is under way; nothing new can be begun and no money moved out until you are restored.',
    words: {
      text: 'An operator has suspended your account: finish what is under way; nothing new can be begun.',
      urgent: true,
    },
  },
  {
    name: 'user.restored',
    when: 'An operator has ended your suspension.',
    example: { user_id: user },
    next: 'Nothing is due.',
    words: { text: 'Your account is not suspended any more.', urgent: true },
  },
  {
    name: 'user.deleted',
    when: 'Your account was deleted. Your webhooks went with it, so it is in the audit only.',
    example: { user_id: user },
    next: 'Nothing is due.',
    words: { text: 'Your account was deleted.', quiet: true },
  },
  {
    name: 'key.created',
    when: 'An API key of yours was made.',
    example: { key_id: user },
    next: 'If it was not you: `POST /api/keys/:id/revoke`, at once.',
    words: {
      text: 'An API key of yours was made. If that was not you, revoke it at once.',
      page: '/wallet',
      urgent: true,
    },
  },
  {
    name: 'vouch.created',
    when: 'Somebody vouched for somebody; told to both.',
    example: { user_id: user, vouched_user_id: '01a20226-00b5-7bc1-9461-989abfd9ed54' },
    next: 'Nothing is due.',
    words: { text: 'Somebody has vouched for somebody: see the profiles.', quiet: true },
  },
]
