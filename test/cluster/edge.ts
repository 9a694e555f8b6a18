/** A proxy before the service, as users come in: nginx with a Service of its own. */
import { workload } from './clients.ts'
import type { Any } from './kubectl.ts'
import type { World } from './world.ts'

/** Name of the proxy of a world: of its Deployment, its Service and, with `-conf`, its ConfigMap. */
export const edgeName = (world: World): string => `${world.random.pick(['front', 'entry', 'door'])}-${world.names.app}`

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

/** Its objects, in front of the Service of the world or of another `upstream`. */
export function edgeOf(world: World, name: string, location = '', upstream = `${world.names.app}:${world.servicePort}`): Any[] {
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

/** Puts the proxy there and tells the owner's settings of it. */
export async function putEdge(world: World, name: string, location = '', upstream?: string): Promise<void> {
  await world.apply(...edgeOf(world, name, location, upstream))
  await world.k('rollout', 'status', `deployment/${name}`, '--timeout=60s')
  world.edge = `http://${(await world.k('get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}')).trim()}/health/ready`
}
