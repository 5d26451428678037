import t from 'tap'
import { compose, createWorld, NOW, read } from './station.ts'

// The cases of the certification in which a station is told to do something that takes its time, and
// then tells how it goes: each step is answered and kept.

const world = await createWorld(t)
const AT = new Date(NOW).toISOString()

const FIRMWARE = {
  requestId: 7,
  location: 'https://example.com/firmware.bin',
  retrieveAt: AT,
  signingCertificate: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n',
  signature: 'c2ln',
}
const DOWNLOAD = ['Downloading', 'Downloaded']
const INSTALL = ['SignatureVerified', 'Installing', 'InstallRebooting']
const LOG = { log: 'diagnostics', location: 'https://example.com/logs', requestId: 7 }

const CASES = [
  { title: 'TC_L_01 firmware is installed', told: [...DOWNLOAD, ...INSTALL, 'Installed'] },
  {
    title: 'TC_L_02 firmware is installed later',
    told: [
      ...DOWNLOAD,
      'SignatureVerified',
      'InstallScheduled',
      'Installing',
      'InstallRebooting',
      'Installed',
    ],
  },
  {
    title: 'TC_L_03 firmware is downloaded later',
    told: ['DownloadScheduled', ...DOWNLOAD, ...INSTALL, 'Installed'],
  },
  { title: 'TC_L_06 its signature is wrong', told: [...DOWNLOAD, 'InvalidSignature'] },
  { title: 'TC_L_07 it can’t be downloaded', told: ['Downloading', 'DownloadFailed'] },
  {
    title: 'TC_L_08 it is not what it should be',
    told: [...DOWNLOAD, 'SignatureVerified', 'Installing', 'InstallVerificationFailed'],
  },
  {
    title: 'TC_L_09 it can’t be installed',
    told: [...DOWNLOAD, ...INSTALL, 'InstallationFailed'],
  },
  {
    title: 'TC_L_10 another one takes its place',
    told: ['Downloading', ...DOWNLOAD, ...INSTALL, 'Installed'],
    second: { status: 'AcceptedCanceled', state: 'accepted' },
  },
  {
    title: 'TC_L_11 another one has to wait',
    told: [...DOWNLOAD, ...INSTALL, 'Installed'],
    second: { status: 'Rejected', state: 'rejected' },
  },
]

for (const { title, told, second } of CASES) {
  t.test(title, async (t) => {
    const station = await world.station()
    t.match(compose('UpdateFirmware', FIRMWARE), { requestId: 7 })
    t.match(read('UpdateFirmware', { status: 'Accepted' }), { state: 'accepted' })
    for (const [index, status] of told.entries()) {
      t.same(await station.call('FirmwareStatusNotification', { status, requestId: 7 }), {})
      if (index > 0 || second === undefined) continue
      const { state, status: answer } = second
      t.match(read('UpdateFirmware', { status: answer }), { state })
    }
    const kept = (await station.records('firmware-status')).map(
      ({ document }) => document['status'],
    )
    t.same(kept.toSorted(), [...new Set(told)].toSorted())
  })
}

t.test('TC_L_13 no new sessions until firmware is installed', async (t) => {
  const station = await world.station()
  t.match(compose('UpdateFirmware', FIRMWARE), { requestId: 7 })
  t.match(read('UpdateFirmware', { status: 'Accepted' }), { state: 'accepted' })
  const tell = (status: string) =>
    station.call('FirmwareStatusNotification', { status, requestId: 7 })
  const report = (connectorStatus: string, seconds: number) => {
    const timestamp = new Date(NOW + seconds * 1000).toISOString()
    const status = { evseId: 1, connectorId: 1, connectorStatus, timestamp }
    return station.call('StatusNotification', status)
  }
  t.same(await tell('DownloadScheduled'), {})
  t.same(await report('Unavailable', 0), {})
  for (const status of [...DOWNLOAD, ...INSTALL]) t.same(await tell(status), {})
  t.match(await world.stores.chargePoints.connectors(station.id), [{ state: 'Unavailable' }])
  t.same(await report('Available', 1), {})
  t.same(await tell('Installed'), {})
  t.match(await world.stores.chargePoints.connectors(station.id), [{ state: 'Available' }])
})

const LOGS = [
  { title: 'TC_N_25 a diagnostics log comes', told: ['Uploading', 'Uploaded'] },
  { title: 'TC_N_35 a security log comes', log: 'security', told: ['Uploading', 'Uploaded'] },
  {
    title: 'TC_N_36 another one is asked for',
    told: ['Uploading', 'AcceptedCanceled', 'Uploading', 'Uploaded'],
  },
]

for (const { title, log = 'diagnostics', told } of LOGS) {
  t.test(title, async (t) => {
    const station = await world.station()
    const logType = log === 'security' ? 'SecurityLog' : 'DiagnosticsLog'
    t.match(compose('GetLog', { ...LOG, log }), { requestId: 7, logType })
    t.match(read('GetLog', { status: 'Accepted', filename: 'log.txt' }), { state: 'accepted' })
    for (const status of told) {
      t.same(await station.call('LogStatusNotification', { status, requestId: 7 }), {})
    }
    const kept = (await station.records('log-status')).map(({ document }) => document['status'])
    t.same(kept.toSorted(), [...new Set(told)].toSorted())
  })
}

const ASK = { requestId: 7, tokenUid: '04A2B3C4D5E680' }
const PART = { requestId: 7, generatedAt: AT }
const CUSTOMERS = [
  { title: 'TC_N_27 what is known of a customer comes', clear: false, data: ['A', 'B'] },
  { title: 'TC_N_28 nothing is known of a customer', clear: false, data: [''] },
  { title: 'TC_N_30 what was known comes and is gone', clear: true, data: ['A'] },
  { title: 'TC_N_31 nothing was known, and nothing is', clear: true, data: [''] },
]

for (const { title, clear, data } of CUSTOMERS) {
  t.test(title, async (t) => {
    const station = await world.station()
    const asked = { ...ASK, isReportWanted: true, isToBeCleared: clear }
    t.match(compose('CustomerInformation', asked), { report: true, clear })
    t.match(read('CustomerInformation', { status: 'Accepted' }), { state: 'accepted' })
    const parts = data.map((text, seqNo) => ({
      ...PART,
      data: text,
      seqNo,
      tbc: seqNo < data.length - 1,
    }))
    for (const part of parts) t.same(await station.call('NotifyCustomerInformation', part), {})
    const kept = (await station.records('customer-information')).map(({ document }) => document)
    t.same(
      kept.toSorted((a, b) => Number(a['seqNo']) - Number(b['seqNo'])),
      parts,
    )
  })
}
