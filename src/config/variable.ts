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
  /** Returns the value, or throws an Error whose message says what is expected. */
  readonly parse: (text: string) => T
}

interface Options {
  readonly default: string | number
  readonly description: string
  readonly unit?: string
  readonly engine?: string
  readonly required?: boolean
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

/** Not set means undefined. */
export function optionalUrl(options: Omit<Options, 'default'>): Variable<string | undefined> {
  const parse = (value: string): string => {
    if (!URL.canParse(value)) throw new Error('must be a URL, such as https://example.com/keys')
    return value
  }
  return { type: 'URL', default: undefined, unit: '', ...options, parse }
}

function variable<T>(type: string, options: Options, parse: (text: string) => T): Variable<T> {
  return { unit: '', ...options, type, default: String(options.default), parse }
}
