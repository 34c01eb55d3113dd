import { z } from 'zod'
import type { Call } from '../state/call.ts'
import { expanded } from '../state/expand.ts'
import type { Form } from '../wire/form.ts'
import { list, readParams, text } from '../wire/params.ts'

type Method = 'GET' | 'POST' | 'DELETE'

/** One endpoint of the API. `read` judges the parameters (or refuses them); what it returns does the work. */
export interface Route {
  readonly method: Method
  readonly path: string
  readonly read: (form: Form, id: string) => (call: Call) => Promise<object>
}

/** Declares an endpoint: its line, its parameters and what it answers. Every endpoint takes `expand`. */
export function route<S extends z.ZodRawShape>(
  line: `${Method} /v1/${string}`,
  shape: S,
  answer: (call: Call, params: z.output<z.ZodObject<S>>, id: string) => Promise<object>,
): Route {
  const [method, path] = line.split(' ') as [Method, string]
  const params = z.strictObject(shape)
  const withExpand = z.strictObject({ ...shape, expand: list(text(500), 20).optional() })
  return {
    method,
    path,
    read(form, id) {
      const { expand, ...given } = readParams(withExpand, form) as { expand?: string[] }
      return async (call) => expanded(call, await answer(call, given as z.output<typeof params>, id), expand ?? [])
    },
  }
}
