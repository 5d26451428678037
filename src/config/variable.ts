/** One environment variable: how its text becomes a value, and what the documentation says of it. */
export interface Variable<T> {
  readonly type: string
  /** As text, the way a person would write it; undefined = not set, and that is fine. */
  readonly default: string | undefined
  readonly unit: string
  readonly description: string
  /** The setting of another variable, `NAME=value`, that makes this one matter; undefined: always. */
  readonly engine?: string
  /** Must be set with that engine. */
  readonly required?: boolean
  /** May hold a password: its value is never shown. */
  readonly secret?: boolean
  /** Returns the value, or throws an Error whose message says what is expected. */
  readonly parse: (text: string) => T
}

interface Options {
  readonly default: string | number
  readonly description: string
  readonly unit?: string
  readonly engine?: string
  readonly required?: boolean
  readonly secret?: boolean
}

interface TextOptions extends Options {
  /** What it must match, and how to say so. */
  readonly pattern?: readonly [RegExp, string]
}

export function text({ pattern, ...options }: TextOptions): Variable<string> {
  return variable('text', options, (value) => {
    if (pattern !== undefined && !pattern[0].test(value)) throw new Error(pattern[1])
    return value
  })
}

/** Not set means undefined. */
export function optionalText(options: Omit<Options, 'default'>): Variable<string | undefined> {
  return { type: 'text', default: undefined, unit: '', ...options, parse: (value) => value }
}

export function integer(options: Options & { min: number; max: number }): Variable<number> {
  const { min, max } = options
  return variable(`integer ${min}–${max}`, options, (value) => {
    const number = Number(value)
    if (!/^-?\d+$/.test(value) || number < min || number > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`)
    }
    return number
  })
}

export function oneOf<const T extends string>(
  choices: readonly T[],
  options: Options,
): Variable<T> {
  return variable(choices.join(' \\| '), options, (value) => {
    const choice = choices.find((candidate) => candidate === value)
    if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`)
    return choice
  })
}

export function listOf<const T extends string>(
  choices: readonly T[],
  options: Options,
): Variable<readonly T[]> {
  return variable('list', options, (value) => {
    const chosen = value.split(',').map((part) => part.trim())
    const unknown = chosen.filter((part) => !choices.some((choice) => choice === part))
    if (unknown.length > 0) {
      throw new Error(`has ${unknown.join(', ')}; choose from ${choices.join(', ')}`)
    }
    return choices.filter((choice) => chosen.includes(choice))
  })
}

interface UrlOptions extends Omit<Options, 'default'> {
  /** Without colon; all are fine if not given. */
  readonly protocols?: readonly string[]
}

/** Not set means undefined. URLs can hold passwords, so they count as secret. */
export function optionalUrl({ protocols, ...options }: UrlOptions): Variable<string | undefined> {
  const parse = (value: string): string => {
    if (!URL.canParse(value)) {
      throw new Error(
        `must be a URL, such as ${protocols?.[0] ?? 'https'}://example.com; in a password / # ? @ % are written %2F %23 %3F %40 %25`,
      )
    }
    const protocol = new URL(value).protocol.slice(0, -1)
    if (protocols !== undefined && !protocols.includes(protocol)) {
      throw new Error(`must begin with ${protocols.map((name) => `${name}://`).join(' or ')}`)
    }
    return value
  }
  return { type: 'URL', default: undefined, unit: '', secret: true, ...options, parse }
}

function variable<T>(type: string, options: Options, parse: (text: string) => T): Variable<T> {
  return { unit: '', ...options, type, default: String(options.default), parse }
}
