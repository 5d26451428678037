/** Of drivers that a simulated charge point may serve. */
export const CARDS = ['CARD-0001', 'CARD-0002', 'CARD-0003'] as const

/** A card that the service doesn't know charges nothing. @throws Error if it takes one of them not */
export async function putCards(http: string, token: string): Promise<void> {
  for (const card of CARDS) {
    const answer = await fetch(`${http}/id-tokens/${card}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ concurrentMax: 1000 }),
    })
    if (!answer.ok) throw new Error(`the id token ${card} was not taken: ${await answer.text()}`)
  }
}
