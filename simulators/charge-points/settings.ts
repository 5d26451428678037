/** The configuration of a station: what a server may read and change, and what it means to us. */

/** What a setting is for, whatever it is called in a version. */
export type Role =
  | 'heartbeatIntervalS'
  | 'pingIntervalS'
  | 'alignedIntervalS'
  | 'alignedMeasurands'
  | 'endMeasurands'
  | 'sampleIntervalS'
  | 'sampledMeasurands'
  | 'attemptsMax'
  | 'retryIntervalS'
  | 'password'
  | 'authorizesRemote'
  | 'allowsUnknownOffline'
  | 'localListEnabled'
  | 'localPreAuthorize'
  | 'stopsOnInvalid'

export type ValueType = 'integer' | 'boolean' | 'string' | 'list'

export interface Setting {
  /** 1.6: the key. 2.0.1: `Component.Variable` or `Component.Variable[instance]`. */
  readonly name: string
  readonly value: string
  readonly type: ValueType
  readonly access: 'read' | 'write' | 'both'
  readonly role?: Role | undefined
  readonly unit?: string | undefined
  readonly lowest?: number | undefined
  readonly highest?: number | undefined
  /** What a list may hold. */
  readonly members?: readonly string[] | undefined
  readonly needsReboot?: boolean | undefined
}

export type SetOutcome = 'Accepted' | 'Rejected' | 'RebootRequired' | 'NotSupported'

const STRING_MAX = 2500

/** One for each station; the list is shared, only changes are its own. */
export class Settings {
  readonly #settings: ReadonlyMap<string, Setting>
  readonly #byRole: ReadonlyMap<Role, Setting>
  readonly #changed = new Map<string, string>()

  constructor(catalog: SettingsCatalog) {
    this.#settings = catalog.byName
    this.#byRole = catalog.byRole
  }

  find(name: string): Setting | undefined {
    return this.#settings.get(name.toLowerCase())
  }

  list(): Iterable<Setting> {
    return this.#settings.values()
  }

  valueOf(setting: Setting): string {
    return this.#changed.get(setting.name) ?? setting.value
  }

  text(role: Role): string {
    const setting = this.#byRole.get(role)
    return setting === undefined ? '' : this.valueOf(setting)
  }

  number(role: Role): number {
    return Number(this.text(role))
  }

  isOn(role: Role): boolean {
    return this.text(role) === 'true'
  }

  /** By a server: what may not be changed, is not. */
  change(name: string, value: string): SetOutcome {
    const setting = this.find(name)
    if (setting === undefined) return 'NotSupported'
    if (setting.access === 'read' || !isPossible(setting, value)) return 'Rejected'
    this.#changed.set(setting.name, setting.type === 'boolean' ? value.toLowerCase() : value)
    return setting.needsReboot === true ? 'RebootRequired' : 'Accepted'
  }

  /** By the station itself. */
  put(role: Role, value: string): void {
    const setting = this.#byRole.get(role)
    if (setting !== undefined) this.#changed.set(setting.name, value)
  }

  /** What differs from station to station. */
  assign(name: string, value: string): void {
    this.#changed.set(name, value)
  }
}

export interface SettingsCatalog {
  /** Names don't depend on upper and lower case. */
  readonly byName: ReadonlyMap<string, Setting>
  readonly byRole: ReadonlyMap<Role, Setting>
}

export function createCatalog(settings: readonly Setting[]): SettingsCatalog {
  const byRole = new Map<Role, Setting>()
  for (const setting of settings) {
    if (setting.role !== undefined) byRole.set(setting.role, setting)
  }
  return {
    byName: new Map(settings.map((setting) => [setting.name.toLowerCase(), setting])),
    byRole,
  }
}

function isPossible(setting: Setting, value: string): boolean {
  const { type, lowest = 0, highest = 2 ** 31 - 1, members } = setting
  if (type === 'boolean') return /^(true|false)$/i.test(value)
  if (type === 'integer') return /^\d+$/.test(value) && +value >= lowest && +value <= highest
  if (type === 'list' && members !== undefined) {
    return value === '' || value.split(',').every((member) => members.includes(member.trim()))
  }
  return value.length >= lowest && value.length <= Math.min(STRING_MAX, highest)
}
