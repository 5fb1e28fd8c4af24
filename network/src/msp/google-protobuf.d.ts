/** The runtime of the generated messages: only the class that message-bounds.ts changes. */
declare module 'google-protobuf' {
  const runtime: { readonly BinaryReader: { readonly prototype: object } }
  export default runtime
}
