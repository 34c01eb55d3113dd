import assert from 'node:assert/strict'
import { went } from './desk.ts'
import type { Given, Holds, Row } from './documents.ts'

// The gig marketplace's document: outbound webhooks, and the channels that are built in.

const documented = [
  'gig.created',
  'gig.updated',
  'gig.deleted',
  'gig.application.created',
  'gig.application.updated',
  'negotiation.created',
  'negotiation.updated',
  'contract.created',
  'contract.updated',
  'contract.milestone.funded',
  'contract.milestone.released',
  'dispute.created',
]
const url = 'https://example.com/hooks/market'

const made =
  (path: string, body: unknown): Given =>
  async ({ sender }) => ({ id: went(await sender.ask<{ id: string }>('POST', path, body), 201).id })
const hook = made('/api/webhooks', { url, events: ['gig.created'] })
const discord = 'https://discord.com/api/webhooks/10001/a-token-of-discord'
const slack = 'https://hooks.slack.com/services/T000/B000/XXXXXXXX'
const chat = made('/api/notifications', {
  channel_type: 'telegram',
  config: { chat_id: '123456789' },
  enabled_events: ['gig.created'],
})

const channel = (channel_type: string, config: Holds, enabled_events: Holds = null): Holds => ({
  id: 'id',
  channel_type: `=${channel_type}`,
  config,
  enabled_events,
  created_at: 'time',
})

const isGone =
  (path: string): NonNullable<Row['also']> =>
  async ({ sender }) => {
    assert.deepEqual((await sender.ask('GET', path)).body, [])
  }

export const toldRows: Readonly<Record<string, readonly Row[]>> = {
  'GET /api/webhooks': [
    {
      says: 'List your webhook endpoints (id, url, events, created_at).',
      given: hook,
      answers: 200,
      with: [{ id: 'id', url: `=${url}`, events: ['=gig.created'], created_at: 'time' }],
    },
    {
      says: 'Secret is not returned.',
      given: hook,
      answers: 200,
      also: (_scene, { text }) => assert.doesNotMatch(text, /secret|whsec/),
    },
    {
      says: 'your webhook endpoints',
      given: hook,
      by: 'stranger',
      answers: 200,
      also: (_s, { body }) => assert.deepEqual(body, []),
    },
  ],
  'POST /api/webhooks': [
    {
      says: 'Creates endpoint and returns the secret once',
      send: { url },
      answers: 201,
      with: { id: 'id', url: `=${url}`, events: null, secret: 'text', created_at: 'time' },
    },
    {
      says: 'events? (array of event names…): all twelve',
      send: { url, events: documented },
      answers: 201,
      with: { events: 'list' },
    },
    { says: 'url (required…)', send: {}, answers: 400, code: 'invalid_input', saying: /url/ },
    { says: 'url (…https or http)', send: { url: 'http://example.com/hook' }, answers: 201 },
    { says: 'url (…https or http)', send: { url: 'ftp://example.com/hook' }, answers: 400 },
    {
      says: 'market: names that nothing is told under',
      send: { url, events: ['gig.sold'] },
      answers: 400,
      code: 'unknown_event',
    },
  ],
  'DELETE /api/webhooks/:id': [
    { says: 'Remove a webhook endpoint', given: hook, answers: 200, also: isGone('/api/webhooks') },
    { says: 'a webhook endpoint of yours', given: hook, by: 'stranger', answers: 404 },
  ],
  'GET /api/notifications': [
    {
      says: 'List your notification channels (id, channel_type, config, enabled_events, created_at).',
      given: chat,
      answers: 200,
      with: [channel('telegram', { chat_id: 'text' }, ['=gig.created'])],
    },
    {
      says: 'market: config masked when listed',
      given: chat,
      answers: 200,
      also: (_scene, { text }) => assert.doesNotMatch(text, /123456789/),
    },
    {
      says: 'your notification channels',
      given: chat,
      by: 'stranger',
      answers: 200,
      also: (_s, { body }) => assert.deepEqual(body, []),
    },
  ],
  'POST /api/notifications': [
    {
      says: 'telegram (config.chat_id)',
      send: { channel_type: 'telegram', config: { chat_id: '123456789' } },
      answers: 201,
      with: channel('telegram', { chat_id: 'text' }),
    },
    {
      says: 'discord … (config.webhook_url, HTTPS)',
      send: { channel_type: 'discord', config: { webhook_url: discord } },
      answers: 201,
      with: channel('discord', { webhook_url: 'text' }),
    },
    {
      says: 'slack (config.webhook_url, HTTPS)',
      send: { channel_type: 'slack', config: { webhook_url: slack } },
      answers: 201,
      with: channel('slack', { webhook_url: 'text' }),
    },
    {
      says: 'HTTPS',
      send: { channel_type: 'slack', config: { webhook_url: slack.replace('https', 'http') } },
      answers: 400,
      code: 'address_refused',
    },
    {
      says: 'email (config.address)',
      send: { channel_type: 'email', config: { address: 'ada@people.test' } },
      answers: 201,
      with: channel('email', { address: 'text' }),
    },
    {
      says: 'Optional enabled_events array: the same events as webhooks',
      send: { channel_type: 'telegram', config: { chat_id: '1' }, enabled_events: documented },
      answers: 201,
      with: { enabled_events: 'list' },
    },
    {
      says: 'channel_type (telegram|discord|slack|email)',
      send: { channel_type: 'fax', config: {} },
      answers: 400,
      code: 'invalid_input',
    },
    {
      says: 'config (chat_id|webhook_url|address per type)',
      send: { channel_type: 'telegram', config: { address: 'ada@people.test' } },
      answers: 400,
      code: 'invalid_input',
      saying: /chat_id/,
    },
  ],
  'DELETE /api/notifications/:id': [
    { says: 'Remove a notification channel', given: chat, answers: 200, also: isGone('/api/notifications') },
    { says: 'a notification channel of yours', given: chat, by: 'stranger', answers: 404 },
  ],
}
