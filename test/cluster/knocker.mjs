// A caller that wants in: guesses tokens, looks for paths, or mistypes now and then. Settings come from the environment; figures every 2 s.
const { TARGET, WHAT = 'tokens' } = process.env
const every = Number(process.env.EVERY_MS ?? 10)
const counts = { asked: 0, byStatus: {} }
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const word = (length) => Array.from({ length }, () => letters[Math.floor(Math.random() * letters.length)]).join('')
const paths = [
  '/.env', '/.env.production', '/.git/config', '/.git/HEAD', '/wp-login.php', '/wp-admin/setup-config.php', '/phpmyadmin/index.php',
  '/admin/login', '/server-status', '/actuator/env', '/actuator/heapdump', '/config.json', '/config.yaml', '/backup.zip', '/backup.sql',
  '/.aws/credentials', '/solr/admin/info/system', '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php', '/cgi-bin/luci', '/xmlrpc.php',
  '/manager/html', '/jenkins/login', '/.ssh/id_rsa', '/telescope/requests', '/owa/auth/logon.aspx',
]
const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })

async function knock() {
  counts.asked++
  const answer =
    WHAT === 'paths'
      ? await fetch(TARGET + (Math.random() < 0.7 ? paths[Math.floor(Math.random() * paths.length)] : `/${word(4)}/${word(6)}`))
      : await fetch(`${TARGET}/mcp`, {
          method: 'POST',
          headers: { authorization: `Bearer ${word(24)}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: ping,
        })
  await answer.text()
  counts.byStatus[answer.status] = (counts.byStatus[answer.status] ?? 0) + 1
}

setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 2000)
setInterval(() => knock().catch(() => {}), every)
process.on('SIGTERM', () => process.exit(0))
