/** What a server tells a station to do: actions by their names, each with its answer. */

/** An answer to a call of the server, and what the station does once it is sent. */
export interface Reply<Answer extends object = object> {
  readonly answer: Answer
  readonly after?: (() => void | Promise<void>) | undefined
}

/** By the name of the action. */
export type CommandTable = Readonly<Record<string, (request: never) => Reply>>

/** What a call of the server is answered with instead of a result. */
export class CallFault extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export function reply<Answer extends object>(
  answer: Answer,
  after?: Reply['after'],
): Reply<Answer> {
  return { answer, after }
}

/** @throws CallFault for what the version does not have */
export function callCommand(commands: CommandTable, action: string, payload: unknown): Reply {
  const command = Object.hasOwn(commands, action) ? commands[action] : undefined
  if (command === undefined) throw new CallFault('NotImplemented', `There is no ${action} here.`)
  return command((payload ?? {}) as never)
}
