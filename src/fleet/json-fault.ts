// Where JSON text stops being JSON. JSON.parse names the position for some faults only.

const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 forbids them in strings.
  /[ \t\n\r]*([{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)/y
const BLANKS = /[ \t\n\r]*/y

type Expected = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'comma' | 'nothing'

/** Index of the first character that can't stand there; the length if the text only ends early. */
export function findJsonFault(text: string): number {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let position = 0
  while (true) {
    TOKEN.lastIndex = position
    const token = TOKEN.exec(text)?.[1]
    const next: Expected | undefined =
      token === undefined ? undefined : follow(token, expected, open)
    if (token === undefined || next === undefined) return skipBlanks(text, position)
    position = TOKEN.lastIndex
    expected = next
  }
}

function skipBlanks(text: string, from: number): number {
  BLANKS.lastIndex = from
  BLANKS.exec(text)
  return BLANKS.lastIndex
}

/** What is expected after this token, or undefined if it can't stand here. */
function follow(token: string, expected: Expected, open: ('{' | '[')[]): Expected | undefined {
  const isValue = expected === 'value' || expected === 'first-value'
  const after = (): Expected => (open.length === 0 ? 'nothing' : 'comma')
  switch (token) {
    case '{':
    case '[':
      if (!isValue) return undefined
      open.push(token)
      return token === '{' ? 'first-key' : 'first-value'
    case '}':
      if (open.at(-1) !== '{' || (expected !== 'first-key' && expected !== 'comma'))
        return undefined
      open.pop()
      return after()
    case ']':
      if (open.at(-1) !== '[' || (expected !== 'first-value' && expected !== 'comma')) {
        return undefined
      }
      open.pop()
      return after()
    case ':':
      return expected === 'colon' ? 'value' : undefined
    case ',':
      if (expected !== 'comma') return undefined
      return open.at(-1) === '{' ? 'key' : 'value'
    default:
      if (isValue) return after()
      return expected.endsWith('key') && token.startsWith('"') ? 'colon' : undefined
  }
}
