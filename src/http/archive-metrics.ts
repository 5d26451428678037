import { Counter, type Registry } from 'prom-client'

/** What is kept raw. */
export function createArchiveMetrics(registers: Registry[]) {
  return {
    archived: new Counter({
      name: 'fleetgrid_archived_messages_total',
      help: 'Messages handed to the archive by outcome: archived, retry, rejected.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    archiveObjects: new Counter({
      name: 'fleetgrid_archive_objects_total',
      help: 'Objects of the embedded archive by outcome: delivered, failed (tried again), damaged (segments of which a part is none, kept on the disk).',
      labelNames: ['outcome'] as const,
      registers,
    }),
    csvRecords: new Counter({
      name: 'fleetgrid_csv_records_total',
      help: 'Records of raw objects by outcome: written (rows of a CSV beside them), failed (under ARCHIVE_ERROR_PREFIX).',
      labelNames: ['outcome'] as const,
      registers,
    }),
    firehoseDeliveries: new Counter({
      name: 'fleetgrid_firehose_deliveries_total',
      help: 'Requests of Firehose streams by outcome: stored, duplicate, refused, failed (they come again).',
      labelNames: ['outcome'] as const,
      registers,
    }),
    archiveBytes: new Counter({
      name: 'fleetgrid_archive_delivered_bytes_total',
      help: 'Bytes of the embedded archive’s objects, compressed.',
      registers,
    }),
  }
}
