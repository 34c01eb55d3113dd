import { pino } from 'pino'

/** Structured lines on stdout. Credentials never reach them: the paths that could carry one are blanked. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export function openLog(level: string, name: string): Log {
  return pino({
    name,
    level,
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
