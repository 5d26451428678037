type Step = () => unknown

export type Cleanup = ReturnType<typeof createCleanup>

/** Undoes what was opened: every step, the last one first, whatever the others throw. */
export function createCleanup() {
  const steps: Step[] = []
  return {
    add(step: Step): void {
      steps.push(step)
    },
    /** @throws the error of the one step that failed, or an AggregateError of several */
    async run(): Promise<void> {
      const errors: unknown[] = []
      for (const step of steps.splice(0).reverse()) {
        try {
          await step()
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length === 1) throw errors[0]
      if (errors.length > 1) throw new AggregateError(errors, 'several parts failed to close')
    },
  }
}
