/** What has happened on all stations of this process. */
export interface Counts {
  /** Calls to the server and answers of it, calls from it and answers to it. */
  messages: number
  callsSent: number
  callsReceived: number
  /** The server answered with an error, or the station answered one of its calls so. */
  callErrors: number
  timeouts: number
  /** Frames that are no OCPP, or have in them what is none. */
  badFrames: number
  /** The server did not let a station in: HTTP 401, 404, no common subprotocol, … */
  refused: number
  reconnects: number
  sessionsStarted: number
  sessionsEnded: number
  /** Transaction messages that were given up after all attempts, or for want of room. */
  messagesLost: number
}

export function createCounts(): Counts {
  return {
    messages: 0,
    callsSent: 0,
    callsReceived: 0,
    callErrors: 0,
    timeouts: 0,
    badFrames: 0,
    refused: 0,
    reconnects: 0,
    sessionsStarted: 0,
    sessionsEnded: 0,
    messagesLost: 0,
  }
}

/** What a person should look at. Refused connections are told one by one. */
export function countErrors(counts: Counts): number {
  return counts.callErrors + counts.timeouts + counts.badFrames + counts.messagesLost
}
