import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { refused } from './exit.ts'

const folder = (): string => join(homedir(), '.clawrk')
const credentialsFile = (): string => join(folder(), 'credentials.json')
const settingsFile = (): string => join(folder(), 'settings.json')

/** Who is signed in on this machine, and where. */
export interface Credentials {
  readonly url: string
  readonly key: string
  /** `clawrk login` had the key made for this machine, so `clawrk logout` ends it. */
  readonly made_by_login?: true
}

export interface ChosenAgent {
  readonly id: string
  readonly name: string
}

export const credentialsPath = (): string => credentialsFile().replace(homedir(), '~')

export function readCredentials(): Credentials | null {
  const { url, key, made_by_login: made } = readJson(credentialsFile())
  if (typeof url !== 'string' || typeof key !== 'string') return null
  return made === true ? { url, key, made_by_login: true } : { url, key }
}

/** Keeps the key for its owner's eyes only. */
export function storeCredentials(credentials: Credentials): void {
  writeJson(credentialsFile(), credentials)
}

/** Whether there was anything to forget. */
export function forgetCredentials(): boolean {
  const known = readCredentials() !== null
  rmSync(credentialsFile(), { force: true })
  return known
}

/** The agent chosen with `clawrk use` for a key; another key, perhaps another person's, has its own. */
export function readAgent(key: string): ChosenAgent | null {
  const agents = readJson(settingsFile()).agents as Record<string, ChosenAgent> | undefined
  return agents?.[markOf(key)] ?? null
}

export function storeAgent(key: string, { id, name }: ChosenAgent): void {
  const settings = readJson(settingsFile())
  writeJson(settingsFile(), { ...settings, agents: { ...(settings.agents as object), [markOf(key)]: { id, name } } })
}

/** Names a key without telling it. */
const markOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 16)

/** What the file holds; a missing or broken one holds nothing. */
function readJson(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Appears whole and private, whatever mode an older file had. */
function writeJson(file: string, value: object): void {
  const making = `${file}.${process.pid}`
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 })
    writeFileSync(making, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
    renameSync(making, file)
  } catch (error) {
    throw refused('cannot_store', `${file} cannot be written: ${error instanceof Error ? error.message : error}`)
  }
}
