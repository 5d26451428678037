import type { Protocol } from './station.ts'
import { createCommands201 } from './v201-commands.ts'
import { SETTINGS_201 } from './v201-settings.ts'
import { Wire201 } from './v201-wire.ts'

export const OCPP_201: Protocol = {
  settings: SETTINGS_201,
  speak(station) {
    const wire = new Wire201(station)
    return { wire, commands: createCommands201(station, wire) }
  },
}
