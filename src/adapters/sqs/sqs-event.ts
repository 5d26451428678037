/** `deliver` is no request: the handler threw, which it must not. */
export type SqsOperation = 'receive' | 'deliver' | 'delete' | 'change-visibility'

/** What happens to the poller, for metrics and logs. */
export type SqsEvent =
  | { readonly kind: 'received' | 'deleted' | 'released' | 'extended'; readonly count: number }
  /** Given up although we still had it: it comes again, perhaps while it is still being handled. */
  | { readonly kind: 'lost'; readonly operation: SqsOperation; readonly reason: string }
  | {
      readonly kind: 'failed'
      readonly operation: SqsOperation
      /** Rounds since the last success, from 1; of `deliver`, how often this message has come. */
      readonly attempt: number
      /** True: it won't heal by itself. */
      readonly needsPerson: boolean
      /** What is wrong and what to do. */
      readonly message: string
    }
  | { readonly kind: 'recovered'; readonly operation: SqsOperation }
