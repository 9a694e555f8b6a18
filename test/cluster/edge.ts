/** A proxy before the service, as users come in: nginx with a Service of its own. */
import { workload } from './clients.ts'
import type { Any } from './kubectl.ts'
import type { World } from './world.ts'

/** Name of the proxy of a world: of its Deployment, its Service and, with `-conf`, its ConfigMap. */
export const edgeName = ({ names, port }: World): string => `${['front', 'entry', 'door'][port % 3]}-${names.store.split('-')[0]}`

const configuration = (upstream: string, location: string): string => `
daemon off;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  server {
    listen 8080;
    location / { proxy_pass http://${upstream}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; ${location} }
  }
}
`

/** Its objects. `location` are directives for every path, `upstream` is asked in place of the Service of the world. */
export function edgeOf(world: World, location = '', upstream = `${world.names.app}:${world.servicePort}`): Any[] {
  const name = edgeName(world)
  const container = {
    name: 'nginx',
    image: world.images.database,
    command: ['nginx', '-c', '/etc/edge/nginx.conf'],
    ports: [{ containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    volumeMounts: [{ name: 'conf', mountPath: '/etc/edge' }],
  }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-conf` }, data: { 'nginx.conf': configuration(upstream, location) } },
    workload(name, 1, container, [{ name: 'conf', configMap: { name: `${name}-conf` } }]),
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] } },
  ]
}

/** Lets everybody come in by a proxy, from the start. */
export function behindEdge(world: World, location = ''): void {
  world.objects.push(...edgeOf(world, location))
  world.entrance = edgeName(world)
}

/** Changes what the proxy does, starts it again, and tells the owner's settings where users come in. */
export async function changeEdge(world: World, location = '', upstream?: string): Promise<void> {
  await tellEdge(world)
  await world.apply(...edgeOf(world, location, upstream))
  await world.k('rollout', 'restart', `deployment/${edgeName(world)}`)
  await world.k('rollout', 'status', `deployment/${edgeName(world)}`, '--timeout=60s')
}

/** Writes into the owner's settings where users come in. */
export async function tellEdge(world: World): Promise<void> {
  world.edge = `http://${(await world.k('get', 'service', edgeName(world), '-o', 'jsonpath={.spec.clusterIP}')).trim()}/health/ready`
}
