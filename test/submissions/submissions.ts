/** The original's own sample (abdelgaid/telemetry-mapping, events/event.json), decoded. */
export const SAMPLE = {
  submission_id: '81140a44-b06d-421d-bd00-cbc65aab6503',
  device_id: 'a6829ee2-871f-485e-9253-fbd02ba091cc',
  time_created: '2022-05-09T03:23:58.982796',
  events: {
    new_process: [
      { cmdl: 'notepad.exe', user: 'admin' },
      { cmdl: 'notepad.exe', user: 'john' },
      { cmdl: 'calculator.exe', user: 'admin' },
      { cmdl: 'notepad.exe', user: 'john' },
    ],
    network_connection: [
      { source_ip: '192.168.0.1', destination_ip: '142.250.74.110', destination_port: 33760 },
      { source_ip: '192.168.0.2', destination_ip: '23.13.252.39', destination_port: 41641 },
      { source_ip: '192.168.0.1', destination_ip: '23.13.252.39', destination_port: 22914 },
    ],
  },
}

export function encode(document: unknown): string {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return Buffer.from(text).toString('base64')
}

/** The sample, with some of it otherwise. */
export function submission(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...SAMPLE, ...changes }
}
