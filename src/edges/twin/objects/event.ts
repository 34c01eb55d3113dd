import { page, pageShape } from '../state/page.ts'
import { get } from '../state/store.ts'
import { list, text } from '../wire/params.ts'
import { type Route, route } from './route.ts'

export const eventRoutes: readonly Route[] = [
  route(
    'GET /v1/events',
    { ...pageShape, type: text(100).optional(), types: list(text(100), 20).optional() },
    (call, params) => page(call, 'event', '/v1/events', params, { type: params.types ?? params.type }),
  ),
  route('GET /v1/events/:id', {}, (call, _params, id) => get(call, 'event', id)),
]
