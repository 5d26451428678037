import type { Protocol } from './station.ts'
import { createCommands16 } from './v16-commands.ts'
import { SETTINGS_16 } from './v16-settings.ts'
import { Wire16 } from './v16-wire.ts'

export const OCPP_16: Protocol = {
  settings: SETTINGS_16,
  speak: (station) => ({ wire: new Wire16(station), commands: createCommands16(station) }),
}
