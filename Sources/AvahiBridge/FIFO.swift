/// Values in the order of their coming; taking one costs the same however many wait.
struct FIFO<Element> {
  private var elements: [Element] = []
  private var head = 0

  var isEmpty: Bool { head == elements.count }
  var count: Int { elements.count - head }
  var first: Element? { isEmpty ? nil : elements[head] }

  mutating func removeAll(where isUnwanted: (Element) -> Bool) {
    elements = elements[head...].filter { !isUnwanted($0) }
    head = 0
  }

  mutating func append(_ element: Element) { elements.append(element) }

  @discardableResult
  mutating func popFirst() -> Element? {
    guard let element = first else { return nil }
    head += 1
    if isEmpty {
      // Its memory was for a crowd.
      self = FIFO()
    } else if head * 2 >= elements.count {
      // Moves no more values than were taken since the last time.
      elements.removeFirst(head)
      head = 0
    }
    return element
  }
}

extension FIFO: Sendable where Element: Sendable {}
