/** A certificate of gate.example that ended on 1 April 2025, and the Secret that holds it beside a key that nobody may see. */
export const expiredCertificate = `-----BEGIN CERTIFICATE-----
MIIBMTCB2AIBATAKBggqhkjOPQQDAjAlMQwwCgYDVQQKDANsYWIxFTATBgNVBAMM
DGdhdGUuZXhhbXBsZTAeFw0yNTAxMDEwMDAwMDBaFw0yNTA0MDEwMDAwMDBaMCUx
DDAKBgNVBAoMA2xhYjEVMBMGA1UEAwwMZ2F0ZS5leGFtcGxlMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAE+9uHEjJvkXRYQsyxDc9XPfpS4olO/NlQI2fvjsDzvMe0
X1g9sp1y7LoNAMgUqjcQLqOU9zJkbb4BE2TRD3qlSDAKBggqhkjOPQQDAgNIADBF
AiBn3KvEULQXmHxEWhnmzbL4IxDjPFysHVtA4g5wbMwcOAIhANaknfnbF1sVI180
+vGK9G+ebdKtGQJA5kQwHZ8VQX7S
-----END CERTIFICATE-----
`
export const secretWithIt = (name: string, namespace: string) => ({
  metadata: {
    name,
    namespace,
    managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:data': { 'f:tls.crt': {}, 'f:tls.key': {} } } }],
  },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': Buffer.from(expiredCertificate).toString('base64'), 'tls.key': Buffer.from('CANARY').toString('base64') },
})
