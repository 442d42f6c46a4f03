// In place of the package `node-gyp-build`, which searches disks for an addon that fits: in the image there is one.
module.exports = () => {
  const addon = { exports: {} }
  process.dlopen(addon, '/app/secp256k1.node')
  return addon.exports
}
