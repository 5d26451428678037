import { integer, oneOf, optionalText } from '../variable.ts'

/** Charge points and their WebSockets. */
export const chargingVariables = {
  OCPP_SELF_REGISTRATION: oneOf(['auto', 'accepted', 'pending', 'off'], {
    default: 'auto',
    description:
      'What becomes of a charge point that nobody has registered: it may work at once, waits for an operator, or is refused. auto: accepted while HTTP_HOST is a loopback address, else off.',
  }),
  OCPP_HEARTBEAT_INTERVAL_S: integer({
    default: 300,
    min: 10,
    max: 86_400,
    unit: 's',
    description: 'What charge points are told when they boot.',
  }),
  OCPP_CALL_TIMEOUT_S: integer({
    default: 30,
    min: 1,
    max: 600,
    unit: 's',
    description: 'For a charge point to answer a command; then its outcome is unknown.',
  }),
  OCPP_PING_INTERVAL_S: integer({
    default: 50,
    min: 5,
    max: 3600,
    unit: 's',
    description:
      'Of silence, after which a charge point is pinged. Shorter than the idle time-out of the load balancer, which is 60 s on AWS.',
  }),
  OCPP_PONG_TIMEOUT_S: integer({
    default: 20,
    min: 1,
    max: 600,
    unit: 's',
    description: 'For a sign of life after a ping; then its connection is closed.',
  }),
  OCPP_FRAME_SIZE_MAX_BYTES: integer({
    default: 1_048_576,
    min: 4096,
    max: 16_777_216,
    unit: 'bytes',
    description:
      'Of one message; a longer one closes its connection (1009). The stop of a long session may bring all of its meter values.',
  }),
  OCPP_FRAMES_PER_SECOND_MAX: integer({
    default: 1000,
    min: 1,
    max: 100_000,
    unit: 'messages/s',
    description:
      'From one charge point for long; a thousand may come at once. A message counts as one more for each 4 KiB that it has. Beyond it calls are refused; who goes on all the same is disconnected.',
  }),
  OCPP_WIRE_LOG_MAX_MB: integer({
    default: 8,
    min: 0,
    max: 10_000,
    unit: 'MB',
    description: 'Memory for the last messages of all charge points; the oldest go first.',
  }),
  OCPP_VENDOR_IDS: optionalText({
    description:
      'Vendors, separated by commas, whose DataTransfer messages are accepted; all are kept. Not set: none.',
  }),
  CHARGE_POINT_KEY_SECRET: optionalText({
    secret: true,
    description:
      'At least 32 characters. Passwords of charge points are stored as hashes keyed with it, so all instances of a system need the same one; with DATABASE=postgres it must be set. Not set: DATA_DIR/keys/charge-point-key-secret, made at the first start.',
  }),
  WEBHOOK_HOSTS: optionalText({
    description:
      'Hosts, separated by commas, that commands may name in `webhookUrl`, each with its port unless that is 443 (hooks.example.com, 10.0.0.7:8443). https only, but for this machine itself. Not set: webhooks are refused.',
  }),
  WEBHOOK_SECRET: optionalText({
    secret: true,
    description:
      'At least 32 characters; needed with WEBHOOK_HOSTS. Signs what webhooks get: fleetgrid-signature: t=<seconds>,v1=<hex of HMAC-SHA-256 of t.body>.',
  }),
} as const
