import { pino } from 'pino'
import { presentCause } from './cause.ts'

/** Structured lines on stdout. Credentials never reach them: the paths that could carry one are blanked. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** Whether lines of this level are written at all. */
  isLevelEnabled(level: string): boolean
}

// What is told of an error beside its message and stack. Whatever else hangs on one may hold anything: PostgreSQL's `detail` quotes
// whole rows, a provider's error the answer it gave.
const toldOfErrors = [
  'code',
  'syscall',
  'address',
  'port',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'statusCode',
  'requestId',
]

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { type, message, stack, ...rest } = pino.stdSerializers.err(error)
  return {
    type,
    message,
    ...Object.fromEntries(toldOfErrors.flatMap((name) => (name in rest ? [[name, rest[name]]] : []))),
    stack,
  }
}

export function openLog(level: string, name: string): Log {
  return pino({
    name,
    level,
    serializers: { err: describeError },
    // Every line says which request or which turn of a task it comes of; what the line says itself wins.
    mixin: () => ({ ...presentCause() }),
    redact: [
      'authorization',
      'cookie',
      'key',
      'secret',
      'password',
      '*.authorization',
      '*.cookie',
      '*.key',
      '*.secret',
      '*.password',
      'req.headers',
    ],
  })
}
