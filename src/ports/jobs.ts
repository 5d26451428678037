/** Update jobs for devices. Minimal: the over-the-air issue completes it. */
export interface Jobs {
  /**
   * The software version that a job installs, or undefined if this job is not known.
   * @throws FleetgridError `invalid` where the job says no version
   */
  desiredVersion(jobId: string): Promise<string | undefined>
}
