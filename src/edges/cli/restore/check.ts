import { readErasures } from '../../../base/backup/erasures.ts'
import { secretOf } from '../../../base/backup/market-folder.ts'
import type { Database } from '../../../base/db.ts'
import { knownFolder, ownFolder } from '../backups.ts'
import { exits, refused } from '../exit.ts'
import { onDatabase } from '../machine/doctor.ts'
import { startSteps } from '../render/progress.ts'
import { bold, dim } from '../render/text.ts'
import { settledLines } from './report.ts'
import { isBad } from './restore.ts'
import { settle } from './settle.ts'

interface Options {
  readonly finish: boolean
  readonly from: string | undefined
  readonly json: boolean
}

/** Looks at a restored database, and makes it ready when asked to. */
export const checkRestored = (options: Options): Promise<void> => onDatabase((db, name) => check(db, name, options))

async function check(db: Database, name: string, { finish, from, json }: Options): Promise<void> {
  const folder = knownFolder(from)
  const secret = secretOf(ownFolder(), process.env.CLAWRK_SECRET)
  if (finish && secret === null)
    throw refused('secret_missing', 'Deleting accounts again needs the market’s secret.', 'set CLAWRK_SECRET')
  const steps = startSteps()
  try {
    const erasures = folder === null ? [] : [...readErasures(folder).keys()]
    const local = !process.env.DATABASE_URL?.trim() && !process.env.S3_BUCKET?.trim()
    const settled = await settle(db, {
      erasures,
      secret,
      attachments: local ? ownFolder().attachments : null,
      finish,
      onProgress: steps.at,
    })
    const took = steps.stop()
    if (isBad(settled) || (!finish && settled.to_erase.length > 0)) process.exitCode = exits.refused
    if (json) {
      process.stdout.write(`${JSON.stringify({ ...settled, steps: took })}\n`)
      return
    }
    const lines = [
      `${bold('The restored database')} ${name}`,
      ...settledLines(settled, finish),
      ...(folder === null
        ? [dim('  It is not known who was deleted later: --from names the folder where that is written down.')]
        : []),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    steps.stop()
  }
}
