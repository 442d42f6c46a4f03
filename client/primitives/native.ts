/** `#primitives` of this package under Node: the same that the folders around it use. */
export * from '../../primitives/native.ts'
