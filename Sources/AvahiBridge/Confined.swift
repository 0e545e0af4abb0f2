/// A weak reference that a `@Sendable` closure carries to the queue that its object lives on: made
/// and looked into there only, which the compiler cannot see.
struct Confined<Object: AnyObject>: @unchecked Sendable {  // touched on its object's queue
  private(set) weak var object: Object?

  init(_ object: Object) { self.object = object }
}
