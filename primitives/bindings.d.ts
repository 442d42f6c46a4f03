/** The native half of `secp256k1`, without the fallback that the package's own entry has. */
declare module 'secp256k1/bindings.js' {
  const secp256k1: typeof import('secp256k1')
  export default secp256k1
}
