import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Connections of charge points and what passes through them. */
export function createOcppMetrics(registers: Registry[]) {
  return {
    ocppConnections: new Gauge({
      name: 'fleetgrid_ocpp_connections',
      help: 'Charge points connected to this instance, by the version that they speak.',
      labelNames: ['version'] as const,
      registers,
    }),
    ocppHandshakes: new Counter({
      name: 'fleetgrid_ocpp_handshakes_total',
      help: 'Handshakes of charge points by outcome: accepted, or why not.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    ocppDisconnects: new Counter({
      name: 'fleetgrid_ocpp_disconnects_total',
      help: 'Connections of charge points that have ended, by cause.',
      labelNames: ['cause'] as const,
      registers,
    }),
    ocppCalls: new Counter({
      name: 'fleetgrid_ocpp_calls_total',
      help: 'Calls by direction (in: from a charge point), action and outcome: answered, or why not.',
      labelNames: ['direction', 'action', 'outcome'] as const,
      registers,
    }),
    ocppCallSeconds: new Histogram({
      name: 'fleetgrid_ocpp_call_seconds',
      help: 'Until a call was answered, by direction and action.',
      labelNames: ['direction', 'action'] as const,
      buckets: SECONDS,
      registers,
    }),
    chargingEvents: new Counter({
      name: 'fleetgrid_charging_events_total',
      help: 'What charge points have told, once it is stored, by kind and outcome.',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    chargingCommands: new Counter({
      name: 'fleetgrid_charging_commands_total',
      help: 'Commands to charge points by kind: requested, sent, and how they ended.',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    ocppFaults: new Counter({
      name: 'fleetgrid_ocpp_faults_total',
      help: 'Frames that could not be used, by what is wrong with them.',
      labelNames: ['fault'] as const,
      registers,
    }),
    ocppDeviations: new Counter({
      name: 'fleetgrid_ocpp_deviations_total',
      help: 'Deviations from the schemas that were overlooked, because the charge point’s settings say so.',
      labelNames: ['deviation', 'action'] as const,
      registers,
    }),
  }
}
