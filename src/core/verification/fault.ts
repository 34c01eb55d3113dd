/**
 * Verification itself failed: a check could not be run, for a reason that is not this submission's. Never the worker's fault:
 * the caller tries again later (section 7), and never pays past a check that was not run.
 */
export class VerificationFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'VerificationFault'
  }
}
