/** The access key and its secret, of one site or of one client of the gateway. Lives in the main process and its transfer threads only. */
export interface KeyPair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}
