import { ROWS_FUNCTION } from './json-rows.ts'

/** Texts with a name; any others would stay in the server's memory, too, for as long as a connection. */
const NAMES_MAX = 200

/**
 * Names of statements that take rows: there are few of them, and they are most of the work. The server
 * reads and plans what has a name once a connection; with ten rows a statement that is half of what it
 * costs. All others have no name, because their texts are without number.
 */
export class StatementNames {
  readonly #names = new Map<string, string>()

  nameOf(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    if (!text.includes(ROWS_FUNCTION) || this.#names.size >= NAMES_MAX) return undefined
    const name = `fleetgrid_${this.#names.size + 1}`
    this.#names.set(text, name)
    return name
  }
}
