import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { readBytes } from '../arguments.ts'
import { misused, refused } from '../exit.ts'
import { done } from '../render/job.ts'
import { startProgress } from '../render/progress.ts'
import { oneLine } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'

export function fileCommands(program: Command): void {
  program
    .command('download')
    .description('fetch a file of a job of yours')
    .argument('<id>', 'the attachment, as the job lists it', readAttachmentId)
    .option('-o, --output <file>', 'where to write it; - is standard output; without it, here under its own name')
    .action(async (id: string, { output }: { output?: string }, command: Command) =>
      download(openSession(command), id, output),
    )
}

function readAttachmentId(text: string): string {
  const id = text.trim().toLowerCase()
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id))
    throw new InvalidArgumentError('It must be the whole id of an attachment, as  clawrk job <id> --json  lists it.')
  return id
}

/** A file of this machine, whole. */
export interface NamedFile {
  readonly name: string
  readonly bytes: Buffer<ArrayBuffer>
}

/** Reads files before anything is asked: one that cannot be read must not leave half a job behind. */
export function readFiles(paths: readonly string[] = []): NamedFile[] {
  if (paths.includes('-')) throw misused('An attachment needs a name, so it cannot come from standard input.')
  return paths.map((path) => ({ name: basename(path), bytes: readBytes(path) }))
}

/** Uploads files; answers the ids to attach them by. */
export async function uploadAll(session: Session, files: readonly NamedFile[]): Promise<string[]> {
  const ids: string[] = []
  if (files.length === 0) return ids
  const progress = startProgress()
  try {
    for (const { name, bytes } of files) {
      progress.say(`uploading ${oneLine(name)}`)
      ids.push((await session.client.files.upload({ file: new File([bytes], name) })).id)
    }
    return ids
  } finally {
    progress.stop()
  }
}

async function download(session: Session, id: string, output: string | undefined): Promise<void> {
  const file = await session.client.files.download({ id })
  const bytes = await file.bytes()
  if (output === '-') return void process.stdout.write(bytes)
  const path = output ?? ownName(file.name)
  // A name from elsewhere must not replace what is here; one that was given may.
  write(path, bytes, output === undefined)
  session.show({ id, name: file.name, size: bytes.length, path }, () =>
    done(`${oneLine(path)}, ${bytes.length.toLocaleString('en-US')} bytes.`),
  )
}

/** The name that whoever uploaded it gave a file, made harmless here: no folders, no hidden file, no control characters. */
export function ownName(name: string): string {
  const plain = oneLine(basename(name.replaceAll('\\', '/'))).replace(/^\.+/, '')
  return plain === '' ? 'attachment' : plain
}

function write(path: string, bytes: Uint8Array, isNew: boolean): void {
  try {
    writeFileSync(path, bytes, { flag: isNew ? 'wx' : 'w' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST')
      throw refused('file_exists', `There is a file called ${path} here already.`, 'add -o <file> to say where it goes')
    throw refused('cannot_store', `${path} cannot be written: ${error instanceof Error ? error.message : error}`)
  }
}
