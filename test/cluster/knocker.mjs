// Somebody at the door: guesses tokens, looks for paths, or calls with the right token. Settings come from the environment; figures every 2 s.
const { TARGET, WHAT = 'tokens' } = process.env
const every = Number(process.env.EVERY_MS ?? 10)
const counts = { asked: 0, byStatus: {} }
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const word = (length) => Array.from({ length }, () => letters[Math.floor(Math.random() * letters.length)]).join('')
const paths = [
  '/.env',
  '/.env.production',
  '/.git/config',
  '/.git/HEAD',
  '/wp-login.php',
  '/wp-admin/setup-config.php',
  '/phpmyadmin/index.php',
  '/admin/login',
  '/server-status',
  '/actuator/env',
  '/actuator/heapdump',
  '/config.json',
  '/config.yaml',
  '/backup.zip',
  '/backup.sql',
  '/.aws/credentials',
  '/solr/admin/info/system',
  '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
  '/cgi-bin/luci',
  '/xmlrpc.php',
  '/manager/html',
  '/jenkins/login',
  '/.ssh/id_rsa',
  '/telescope/requests',
  '/owa/auth/logon.aspx',
]
const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'visitor', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const list = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_tasks', arguments: { limit: 5 }, _meta: meta },
})
const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const ways = {
  paths: () => fetch(TARGET + (Math.random() < 0.7 ? paths[Math.floor(Math.random() * paths.length)] : `/${word(4)}/${word(6)}`)),
  tokens: () => fetch(`${TARGET}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${word(24)}`, ...json }, body: ping }),
  calls: () =>
    fetch(`${TARGET}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${process.env.TOKEN}`,
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'list_tasks',
        ...json,
      },
      body: list,
    }),
}

async function knock() {
  counts.asked++
  const answer = await ways[WHAT]()
  await answer.text()
  counts.byStatus[answer.status] = (counts.byStatus[answer.status] ?? 0) + 1
}

setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 2000)
if (process.env.TIMES === undefined) setInterval(() => knock().catch(() => {}), every)
else for (let i = 0; i < Number(process.env.TIMES); i++) await knock()
process.on('SIGTERM', () => process.exit(0))
