/** Why something cannot be backed up or restored, in a sentence for whoever asked, with what to do next. */
export class BackupFault extends Error {
  readonly code: string
  readonly next: readonly string[]

  constructor(code: string, sentence: string, ...next: string[]) {
    super(sentence)
    this.name = 'BackupFault'
    this.code = code
    this.next = next
  }
}
