/** `#primitives` of this package in a browser, and wherever it is installed from npm: no compiler, no WebAssembly. */
export * from '../../primitives/portable.ts'
