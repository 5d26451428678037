/** Which requests of a delivery stream have been stored, and where. */
export interface FirehoseRequests {
  /**
   * Durable when it resolves: this request's records belong into this object, or into the one that was
   * named when it first came.
   */
  place(id: string, objectKey: string, at: number): Promise<FirehoseRequest>
  /** Its object is there. */
  stored(id: string): Promise<void>
}

export interface FirehoseRequest {
  readonly objectKey: string
  readonly isStored: boolean
}
