import { once } from 'node:events'
import { connect as tcp } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'
import { setTimeout as pause } from 'node:timers/promises'
const BOOT = { chargePointVendor: 'Vendor', chargePointModel: 'Model' }
const BOOT_201 = { reason: 'PowerUp', chargingStation: { vendorName: 'Vendor', model: 'Model' } }
t.test('x', async (t) => {
  const service = await startFleetgrid(t)
  const port = Number(new URL(service.httpUrl).port)
  const conn = async (id: string, protocols = ['ocpp1.6'], h = {}) => { const s = new WebSocket(`${service.httpUrl.replace('http','ws')}/ocpp/${id}`, protocols, {headers: h}); const st = new Station(s); await once(s,'open'); return st }
  const raw = (path: string, headers: string[]) => new Promise<string>((resolve) => { const s = tcp(port, '127.0.0.1'); let text=''; s.on('data', d => text += d); s.on('close', () => resolve(text)); s.on('error', ()=>{}); s.write([`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...headers, '', ''].join('\r\n')); setTimeout(() => s.destroy(), 500) })
  const a = await conn('A')
  await a.ask([2,'1','BootNotification',BOOT])
  t.comment('bad extension', (await raw('/ocpp/A', ['Sec-WebSocket-Protocol: ocpp1.6', 'Sec-WebSocket-Extensions: permessage-deflate; bogus'])).split('\r\n')[0])
  await pause(300)
  t.comment('A still connected?', a.socket.readyState, (await service.get('/charge-points/A')).body.isConnected)
  t.comment(JSON.stringify(await a.ask([2,'2','Heartbeat',{}])))
  t.comment('dup', (await raw('/ocpp/B', ['Sec-WebSocket-Protocol: ocpp1.6, ocpp1.6'])).split('\r\n')[0])
  t.comment('trailing comma', (await raw('/ocpp/B', ['Sec-WebSocket-Protocol: ocpp1.6,'])).split('\r\n')[0])
  t.comment('two headers', (await raw('/ocpp/B', ['Sec-WebSocket-Protocol: foo', 'Sec-WebSocket-Protocol: ocpp1.6'])).split('\r\n')[0])
  t.comment('wrong', (await raw('/ocpp/B', ['Sec-WebSocket-Protocol: foo'])).slice(0, 400))
  t.comment('bad %', (await raw('/ocpp/%ff', ['Sec-WebSocket-Protocol: ocpp1.6'])).split('\r\n')[0])
  t.comment('dot', (await raw('/ocpp/..%2f', ['Sec-WebSocket-Protocol: ocpp1.6'])).split('\r\n')[0])
  t.comment('double slash', (await raw('/ocpp//X', ['Sec-WebSocket-Protocol: ocpp1.6'])).split('\r\n')[0])
  t.comment('absolute', (await raw('http://x/ocpp/X', ['Sec-WebSocket-Protocol: ocpp1.6'])).split('\r\n')[0])
  await service.send('PUT', '/id-tokens/T', {})
  for (const f of ['[2,"i1","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":1e999,"timestamp":"2026-01-01T00:00:00Z"}]',
    '[2,"i2","StartTransaction",{"connectorId":1e999,"idTag":"T","meterStart":1,"timestamp":"2026-01-01T00:00:00Z"}]',
    '[2,"i3","StopTransaction",{"transactionId":1e999,"meterStop":1,"timestamp":"2026-01-01T00:00:00Z"}]',
    '[2,"i4","StopTransaction",{"transactionId":1,"meterStop":-1e999,"timestamp":"0000-01-01T00:00:00Z"}]',
    '[2,"i5","StatusNotification",{"connectorId":-1e999,"errorCode":"NoError","status":"Available","timestamp":"9999-12-31T23:59:59-23:59"}]',
    '[2,"i6","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available","timestamp":"9999-12-31T23:59:59Z"}]',
    '[2,"i7","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Charging"}]',
    '[2,"i8","DataTransfer",{"vendorId":"\\u0000\\ud800"}]', '[2,"__proto__","Heartbeat",{}]', '[2,"x","__proto__",{}]', '[2,"x","toString",{}]', '[2,"x","Heartbeat",{"__proto__":1}]','[2,"y","Heartbeat",[]]', '[2,"y",7,{}]', '[2,7,"Heartbeat",{}]', '[5,"a",1]', '[]', '{}', 'null']) {
    a.send(f); const r = await Promise.race([a.next(), pause(700).then(() => ['silent'])]); t.comment(f.slice(0,70), '=>', JSON.stringify(r)) 
    if (r[0] === 'silent') { await a.ask([2,`k${Math.random()}`.slice(0,20),'Heartbeat',{}]) }
  }
  t.comment(JSON.stringify((await service.get('/charge-points/A')).body.connectors))
  t.comment(JSON.stringify((await service.get('/transactions')).body))
  const b = await conn('B', ['ocpp2.0.1'])
  await b.ask([2,'1','BootNotification',BOOT_201])
  for (const f of ['[2,"e1","TransactionEvent",{"eventType":"Updated","timestamp":"2026-01-01T00:00:00Z","triggerReason":"MeterValuePeriodic","seqNo":1e999,"transactionInfo":{"transactionId":"a/b%"},"evse":{"id":1e999}}]',
   '[2,"e2","TransactionEvent",{"eventType":"Ended","timestamp":"2026-01-01T00:00:00Z","triggerReason":"StopAuthorized","seqNo":0,"transactionInfo":{"transactionId":"a/b%"},"idToken":{"idToken":"","type":"NoAuthorization"},"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":1e999}]}]}]',
   '[2,"e3","MeterValues",{"evseId":-1e999,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":-1e999,"unitOfMeasure":{"multiplier":1e999}}]}]}]',
   '[2,"e4","NotifyEvent",{"generatedAt":"2026-01-01T00:00:00Z","seqNo":1e999,"eventData":[]}]',
   '[2,"e5","NotifyReport",{"requestId":1e999,"generatedAt":"2026-01-01T00:00:00Z","seqNo":0,"reportData":[{"component":{"name":"__proto__"},"variable":{"name":"__proto__"},"variableAttribute":[{"value":"1"}]}]}]',
   '[9,"q",{}]', 'x', '[2,"dddddddddddddddddddddddddddddddddddddddddd","Heartbeat",{}]', '[2,"z","CostUpdated",{}]','[2,"z","GetVariables",{}]','[2,"z","Nope",{}]']) {
    b.send(f); const r = await Promise.race([b.next(), pause(700).then(() => ['silent'])]); t.comment(f.slice(0,70), '=>', JSON.stringify(r))
  }
  t.comment(JSON.stringify((await service.get('/transactions?chargePointId=B')).body))
  t.comment(JSON.stringify((await service.get('/transaction/meter-values?id=' + encodeURIComponent('B/a%2Fb%25'))).body))
})
