/**
 * What a person typed beside a reason, as the ledger takes it: one line without control characters. It goes to
 * buyer and seller as a private value; public is only the reason's code.
 */
export function remarkOf(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .slice(0, 400)
    .toWellFormed()
}
